package dev.quern.bench.speed.result;

import java.io.PrintStream;
import java.util.Locale;
import java.util.Optional;

/** A run as text. */
public final class SpeedTable {

  private SpeedTable() {}

  /**
   * Prints ceilings, measurements and what was left out.
   *
   * @param run the run
   * @param out where
   */
  public static void print(SpeedRun run, PrintStream out) {
    Machine machine = run.machine();
    out.printf(
        Locale.ROOT,
        "%s, %d %s, %.0f GB, %s%n",
        machine.processor(),
        machine.processors(),
        machine.processors() == 1 ? "processor" : "processors",
        machine.memoryBytes() / 1e9,
        machine.java());
    out.printf(
        "%n%-14s %8s %8s %8s %10s %8s %8s %8s  device%n",
        "ceilings", "copy", "read", "triad", "fma", "launch", "upload", "download");
    for (DeviceRun device : run.devices()) {
      Ceilings c = device.ceilings();
      out.printf(
          Locale.ROOT,
          "%-14s %8.1f %8.1f %8.1f %10.1f %8.1f %8.1f %8.1f  %s%n",
          device.id(),
          c.copyGbs(),
          c.readGbs(),
          c.triadGbs(),
          c.fmaGflops(),
          c.launchMicros(),
          c.uploadGbs(),
          c.downloadGbs(),
          device.name());
    }
    out.printf(
        "%-14s %8s %8s %8s %10s %8s %8s %8s%n",
        "", "GB/s", "GB/s", "GB/s", "GFLOP/s", "us", "GB/s", "GB/s");
    out.printf(
        "%n%-22s %9s %-12s %10s %10s %10s %9s %8s %7s %9s %8s %8s%n",
        "benchmark",
        "elements",
        "device",
        "time us",
        "p10",
        "p90",
        "ns/elem",
        "GB/s",
        "of copy",
        "ceiling",
        "x ref",
        "x unfused");
    run.measurements().stream().filter(Measurement::taken).forEach(m -> out.println(line(run, m)));
    run.measurements().stream()
        .filter(m -> !m.taken())
        .forEach(m ->
            out.printf(
                Locale.ROOT,
                "%-22s %9d %-12s left out: %s%n",
                name(m),
                m.elements(),
                m.device(),
                m.leftOut()));
  }

  private static String name(Measurement m) {
    return m.benchmark() + (m.unfused() ? " unfused" : "");
  }

  private static String line(SpeedRun run, Measurement m) {
    return String.format(
        Locale.ROOT,
        "%-22s %9d %-12s %10.2f %10.2f %10.2f %9.3f %8.2f %6.0f%% %8.0f%% %8s %8s",
        name(m),
        m.elements(),
        m.device(),
        m.callNanos() / 1e3,
        m.quantileNanos(0.1) / 1e3,
        m.quantileNanos(0.9) / 1e3,
        m.callNanos() / m.elements(),
        m.gbs(),
        100 * m.gbs() / run.device(m.device()).ceilings().copyGbs(),
        100 * m.share(run.device(m.device()).ceilings()),
        factor(run.againstReference(m)),
        factor(run.againstUnfused(m)));
  }

  private static String factor(Optional<Double> factor) {
    return factor.map(f -> String.format(Locale.ROOT, "%.1f", f)).orElse("");
  }
}
