package dev.quern.engine;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A kernel call, for the flight recorder. */
@Name("dev.quern.Kernel")
@Label("Kernel")
@Category("Quern")
@Description("A kernel call: on CPU backends its run, on devices its enqueuing")
@StackTrace(false)
final class KernelEvent extends Event {
  @Label("Device")
  String device = "";

  @Label("Family")
  String family = "";

  @Label("Operation")
  String operation = "";

  @Label("Elements")
  @Description("Of the largest operand")
  long elements;

  @Label("Bytes")
  @Description("Of all operands")
  @DataAmount
  long bytes;
}
