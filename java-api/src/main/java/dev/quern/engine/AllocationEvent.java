package dev.quern.engine;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/** A block taken from the device rather than from the engine's cache, for the flight recorder. */
@Name("dev.quern.Allocation")
@Label("Device allocation")
@Category("Quern")
@Description("A block taken from the device; after the first step of a fixed shape there are none")
final class AllocationEvent extends Event {
  @Label("Device")
  String device = "";

  @Label("Bytes")
  @DataAmount
  long bytes;
}
