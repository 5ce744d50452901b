package dev.quern.engine;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A copy between host and device or within the device, for the flight recorder. */
@Name("dev.quern.Transfer")
@Label("Transfer")
@Category("Quern")
@Description("A copy of memory; a download includes the wait for the kernels before it")
@StackTrace(false)
final class TransferEvent extends Event {
  @Label("Device")
  String device = "";

  @Label("Direction")
  @Description("upload, download, downloadLater or copy")
  String direction = "";

  @Label("Bytes")
  @DataAmount
  long bytes;
}
