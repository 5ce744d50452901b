package dev.quern.train.report;

import static dev.quern.train.report.Html.escape;

import dev.quern.bench.speed.compare.Comparison;
import dev.quern.bench.speed.compare.Comparison.Row;
import dev.quern.bench.speed.compare.Comparison.Verdict;
import dev.quern.bench.speed.result.Ceilings;
import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.ParityRow;
import dev.quern.bench.speed.result.SpeedRun;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The parts of a benchmark's report that are no charts.
 *
 * @param run what was measured
 */
record BenchTables(SpeedRun run) {

  /** Fused against unfused, in the largest size that both have. */
  void duels(StringBuilder out) {
    if (run.measurements().stream().noneMatch(m -> run.againstUnfused(m).isPresent())) {
      return;
    }
    out.append("<h2>Fused against unfused</h2>\n<p>A loss with its gradient as one fused kernel ");
    out.append("(full bar) and in plain tensor operations (pale bar), in the largest size that ");
    out.append("was measured for both; shorter is faster.</p>\n<div class=\"duels\">\n");
    for (DeviceRun device : run.devices()) {
      List<Measurement> fused = largestDuels(device);
      if (fused.isEmpty()) {
        continue;
      }
      out.append("<div class=\"duel\" style=\"--key: var(--");
      out.append(escape(device.id().split(":", 2)[0])).append(")\"><h3>");
      out.append(escape(device.id())).append("</h3>");
      for (Measurement m : fused) {
        double factor = run.againstUnfused(m).orElseThrow();
        double unfused = m.callNanos() * factor;
        double longest = Math.max(unfused, m.callNanos());
        out.append("<div class=\"row\"><span>").append(escape(m.benchmark())).append("<br><small>");
        out.append(Html.count(m.elements())).append("</small></span><span class=\"track\">");
        bar(out, "fused", m.callNanos() / longest, m.callNanos());
        bar(out, "unfused", unfused / longest, unfused);
        out.append("</span><b>").append(BenchReport.factor(factor)).append("</b></div>");
      }
      out.append("</div>\n");
    }
    out.append("</div>\n");
  }

  private List<Measurement> largestDuels(DeviceRun device) {
    return run.measurements().stream()
        .filter(m -> m.device().equals(device.id()) && run.againstUnfused(m).isPresent())
        .filter(m ->
            run.measurements().stream()
                .noneMatch(other ->
                    other.device().equals(m.device())
                        && other.benchmark().equals(m.benchmark())
                        && other.elements() > m.elements()
                        && run.againstUnfused(other).isPresent()))
        .toList();
  }

  private static void bar(StringBuilder out, String kind, double share, double nanos) {
    out.append("<i class=\"").append(kind).append("\" style=\"width: ");
    out.append(String.format(Locale.ROOT, "%.1f", 100 * share)).append("%\" title=\"");
    out.append(kind).append(", ").append(Html.time(nanos)).append("\"></i>");
  }

  /** What changed since an older run. */
  void comparison(Comparison comparison, StringBuilder out) {
    List<Row> changed =
        comparison.rows().stream()
            .filter(row -> row.verdict() == Verdict.SLOWER || row.verdict() == Verdict.FASTER)
            .sorted(Comparator.comparingDouble(row -> -Math.abs(Math.log(row.ratio()))))
            .toList();
    List<Row> others = comparison.rows().stream().filter(row -> !changed.contains(row)).toList();
    out.append("<h2>Since the older run</h2>\n<p>New time over old in the device's own pace, the ");
    out.append("median over the sizes. ").append(changed.size()).append(" of ");
    out.append(comparison.rows().size())
        .append(" ")
        .append(Html.plural(comparison.rows().size(), "kernel"))
        .append(" changed beyond the noise.</p>\n");
    if (!comparison.differences().isEmpty()) {
      out.append("<p>Not the same machine: ");
      out.append(escape(String.join("; ", comparison.differences()))).append(".</p>\n");
    }
    if (!changed.isEmpty()) {
      out.append("<div class=\"scroll card\">");
      rows(changed, out);
      out.append("</div>\n");
    }
    out.append("<details><summary>Unchanged or unclear</summary><div class=\"scroll\">");
    rows(others, out);
    out.append("</div></details>\n");
  }

  private static void rows(List<Row> rows, StringBuilder out) {
    out.append("<table class=\"numbers comparison\"><tr>");
    heads(out, "kernel", "device", "new/old", "noise to", "");
    out.append("</tr>\n");
    for (Row row : rows) {
      String word = row.verdict().name().toLowerCase(Locale.ROOT);
      out.append("<tr>");
      cells(out, row.name(), row.device(), number(row.ratio(), 2), number(row.noise(), 2));
      out.append("<td class=\"").append(word).append("\">").append(word).append("</td></tr>\n");
    }
    out.append("</table>");
  }

  /** How far each device lies from the reference. */
  void parity(StringBuilder out) {
    if (run.parity().isEmpty()) {
      return;
    }
    List<String> devices = run.parity().stream().map(ParityRow::device).distinct().toList();
    out.append("<h2>Parity</h2>\n<p>The largest error against the reference backend, in units in ");
    out.append("the last place (of the element for elementwise kernels, of the result's largest ");
    out.append(
        "element elsewhere); the bar is the share of what the kernel's policy allows.</p>\n");
    out.append("<div class=\"scroll card\"><table class=\"numbers\" id=\"parity\"><tr>");
    heads(out, "kernel");
    heads(out, devices.toArray(String[]::new));
    out.append("</tr>\n");
    for (String benchmark : run.parity().stream().map(ParityRow::benchmark).distinct().toList()) {
      out.append("<tr><td>").append(escape(benchmark)).append("</td>");
      for (String device : devices) {
        out.append(
            run.parity().stream()
                .filter(row -> row.device().equals(device) && row.benchmark().equals(benchmark))
                .findFirst()
                .map(BenchTables::parityCell)
                .orElse("<td class=\"exact\">not there</td>"));
      }
      out.append("</tr>\n");
    }
    out.append("</table></div>\n");
  }

  private static String parityCell(ParityRow row) {
    if (row.ulps() == 0) {
      return "<td class=\"exact\">equal</td>";
    }
    return "<td>%s<meter min=\"0\" max=\"1\" high=\"0.9\" value=\"%s\"></meter></td>"
        .formatted(number(row.ulps(), 1), number(Math.min(1, row.ofAllowed()), 3));
  }

  /** The devices and their ceilings. */
  void machine(StringBuilder out) {
    out.append("<h2>The machine</h2>\n<p>").append(escape(machineLine())).append("</p>\n");
    out.append("<div class=\"scroll card\"><table class=\"numbers\" id=\"machine\"><tr>");
    heads(
        out,
        "device",
        "copy GB/s",
        "read GB/s",
        "triad GB/s",
        "fma GFLOP/s",
        "launch \u00b5s",
        "upload GB/s",
        "download GB/s",
        "name",
        "driver");
    for (DeviceRun device : run.devices()) {
      Ceilings c = device.ceilings();
      out.append("</tr>\n<tr>");
      cells(
          out,
          device.id(),
          number(c.copyGbs(), 1),
          number(c.readGbs(), 1),
          number(c.triadGbs(), 1),
          number(c.fmaGflops(), 1),
          number(c.launchMicros(), 2),
          number(c.uploadGbs(), 1),
          number(c.downloadGbs(), 1),
          device.name(),
          device.driver());
    }
    out.append("</tr>\n</table></div>\n");
  }

  private String machineLine() {
    String options =
        run.machine().options().isEmpty() ? "" : ", " + String.join(" ", run.machine().options());
    return String.format(
        Locale.ROOT,
        "%s, %.0f GB, %s, %s%s; %s",
        run.machine().architecture(),
        run.machine().memoryBytes() / 1e9,
        run.machine().system(),
        run.machine().java(),
        options,
        run.quern());
  }

  /** Everything measured, and what was left out and why. */
  void numbers(StringBuilder out) {
    out.append("<h2>Numbers</h2>\n<details><summary>All measurements</summary>");
    out.append("<div class=\"scroll\"><table class=\"numbers\" id=\"numbers\"><tr>");
    heads(out, "kernel", "elements", "device", "time", "p10", "p90", "ns/element", "GB/s");
    heads(out, "of the roof", "over reference", "over unfused");
    for (Measurement m : run.measurements()) {
      if (!m.taken()) {
        continue;
      }
      out.append("</tr>\n<tr>");
      cells(
          out,
          m.benchmark() + (m.unfused() ? " unfused" : ""),
          String.valueOf(m.elements()),
          m.device(),
          Html.time(m.callNanos()),
          Html.time(m.quantileNanos(0.1)),
          Html.time(m.quantileNanos(0.9)),
          number(m.callNanos() / m.elements(), 3),
          number(m.gbs(), 2),
          number(100 * m.share(run.device(m.device()).ceilings()), 0) + " %",
          factor(run.againstReference(m)),
          factor(run.againstUnfused(m)));
    }
    out.append("</tr>\n</table></div></details>\n<details><summary>Left out</summary>");
    out.append("<div class=\"scroll\"><table class=\"numbers\"><tr>");
    heads(out, "kernel", "elements", "device", "why");
    for (Measurement m : run.measurements()) {
      if (!m.taken()) {
        out.append("</tr>\n<tr>");
        cells(
            out,
            m.benchmark() + (m.unfused() ? " unfused" : ""),
            String.valueOf(m.elements()),
            m.device(),
            String.valueOf(m.leftOut()));
      }
    }
    out.append("</tr>\n</table></div></details>\n");
  }

  private static String factor(Optional<Double> factor) {
    return factor.map(BenchReport::factor).orElse("");
  }

  private static String number(double value, int digits) {
    return String.format(Locale.ROOT, "%." + digits + "f", value);
  }

  private static void heads(StringBuilder out, String... names) {
    for (String name : names) {
      out.append("<th>").append(escape(name)).append("</th>");
    }
  }

  private static void cells(StringBuilder out, String... values) {
    for (String value : values) {
      out.append("<td>").append(escape(value)).append("</td>");
    }
  }
}
