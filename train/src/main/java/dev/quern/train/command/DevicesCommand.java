package dev.quern.train.command;

import dev.quern.Backends;
import dev.quern.DeviceInfo;
import dev.quern.spi.Availability;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists every backend: its devices, or why it cannot be used and what to do about it. */
@Command(
    name = "devices",
    description = "Show which backends work here, and what those that do not are missing.",
    mixinStandardHelpOptions = true)
public final class DevicesCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public DevicesCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    for (Map.Entry<String, Availability> backend : Backends.probe().entrySet()) {
      switch (backend.getValue()) {
        case Availability.Available available ->
            available.devices().forEach(device -> out.println(describe(device)));
        case Availability.Unavailable unavailable -> {
          out.printf("%-14s not available%n", backend.getKey());
          unavailable.reasons().forEach(reason -> out.printf("%-14s - %s%n", "", reason));
        }
      }
    }
    out.flush();
    return 0;
  }

  private static String describe(DeviceInfo device) {
    StringBuilder line = new StringBuilder();
    line.append(String.format(Locale.ROOT, "%-14s %s", device.id(), device.name()));
    line.append(", ").append(device.kind());
    line.append(", ")
        .append(device.computeUnits())
        .append(device.computeUnits() == 1 ? " compute unit" : " compute units");
    if (device.memoryBytes() > 0) {
      double gigabytes = device.memoryBytes() / (double) (1 << 30);
      line.append(String.format(Locale.ROOT, ", %.1f GiB", gigabytes));
    }
    if (!device.driver().isEmpty()) {
      line.append(", ").append(device.driver());
    }
    if (!device.features().isEmpty()) {
      line.append(", with ").append(String.join(", ", device.features()));
    }
    return line.toString();
  }
}
