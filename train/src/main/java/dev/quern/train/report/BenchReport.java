package dev.quern.train.report;

import static dev.quern.train.report.Html.escape;
import static dev.quern.train.report.Html.plural;
import static dev.quern.train.report.Html.resource;

import dev.quern.bench.speed.compare.Comparison;
import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.train.io.AtomicFile;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The report of a benchmark as one HTML file that needs nothing else: rooflines, time against size,
 * fused against unfused, parity, all numbers (the charts drawn by uPlot, which is inside).
 *
 * @param run what was measured
 * @param comparison with an older run, or null
 */
public record BenchReport(SpeedRun run, @Nullable Comparison comparison) {

  /**
   * Writes the file, whole or not at all.
   *
   * @param file to make or replace
   */
  public void write(Path file) {
    AtomicFile.writeText(file, html());
  }

  private String html() {
    StringBuilder out = new StringBuilder();
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.append("<title>Quern bench</title>\n<style>\n").append(resource("uPlot.min.css"));
    out.append(resource("report.css")).append(resource("bench.css"));
    out.append("</style>\n</head>\n<body>\n<main>\n<h1>Quern bench</h1>\n<p>");
    out.append(escape(summary())).append("</p>\n");
    tiles(out);
    rooflines(out);
    sweeps(out);
    BenchTables tables = new BenchTables(run);
    tables.duels(out);
    if (comparison != null) {
      tables.comparison(comparison, out);
    }
    tables.parity(out);
    tables.machine(out);
    tables.numbers(out);
    out.append("</main>\n<script type=\"application/json\" id=\"run\">");
    out.append(data().replace("</", "<\\/")).append("</script>\n<script>\n");
    out.append(resource("uPlot.iife.min.js")).append("</script>\n<script>\n");
    out.append(resource("bench.js")).append("</script>\n</body>\n</html>\n");
    return out.toString();
  }

  private String summary() {
    return String.format(
        Locale.ROOT,
        "%s, %d %s, %s. %s, %s (%.0f s).",
        run.machine().processor(),
        run.machine().processors(),
        plural(run.machine().processors(), "processor"),
        run.machine().java(),
        run.started().replace('T', ' ').replace("Z", " UTC"),
        run.command(),
        run.seconds());
  }

  private void tiles(StringBuilder out) {
    out.append("<div class=\"tiles\">\n");
    tile(out, String.valueOf(benchmarks().size()), plural(benchmarks().size(), "kernel"));
    tile(out, String.valueOf(run.devices().size()), plural(run.devices().size(), "device"));
    run.measurements().stream()
        .filter(m -> !m.device().startsWith("reference") && run.againstUnfused(m).isPresent())
        .max(Comparator.comparingDouble(m -> run.againstUnfused(m).orElse(0.0)))
        .ifPresent(best ->
            tile(
                out,
                factor(run.againstUnfused(best).orElseThrow()),
                "at best, fused over unfused: %s on %s"
                    .formatted(best.benchmark(), best.device())));
    run.devices().stream()
        .filter(device -> !device.id().startsWith("reference"))
        .forEach(device -> {
          double factor = overReference(device);
          if (factor > 0) {
            tile(out, factor(factor), device.id() + " over reference, geometric mean");
          }
        });
    long exact = run.parity().stream().filter(row -> row.ulps() == 0).count();
    if (!run.parity().isEmpty()) {
      tile(out, exact + " of " + run.parity().size(), "results equal to the reference's bits");
    }
    out.append("</div>\n");
  }

  /** The geometric mean over all kernels in the largest size that both devices have; 0 if none. */
  private double overReference(DeviceRun device) {
    double logarithms = 0;
    int kernels = 0;
    for (String benchmark : benchmarks()) {
      var factor =
          run.measurements().stream()
              .filter(m -> m.device().equals(device.id()) && m.benchmark().equals(benchmark))
              .filter(m -> !m.unfused() && run.againstReference(m).isPresent())
              .max(Comparator.comparingLong(Measurement::elements))
              .flatMap(run::againstReference);
      if (factor.isPresent()) {
        logarithms += Math.log(factor.get());
        kernels++;
      }
    }
    return kernels == 0 ? 0 : Math.exp(logarithms / kernels);
  }

  static String factor(double factor) {
    String format = factor >= 100 ? "%.0f\u00d7" : factor >= 10 ? "%.1f\u00d7" : "%.2f\u00d7";
    return String.format(Locale.ROOT, format, factor);
  }

  private static void tile(StringBuilder out, String value, String label) {
    out.append("<div class=\"tile\"><b>").append(escape(value)).append("</b><span>");
    out.append(escape(label)).append("</span></div>\n");
  }

  private void rooflines(StringBuilder out) {
    out.append(
        "<h2>Rooflines</h2>\n<p>How much a kernel computes for each byte it moves, and how ");
    out.append("fast it does; the roof is what the device can do at all. Large dots: the largest ");
    out.append("size measured, small ones: the smaller sizes, which caches may lift above the ");
    out.append("memory's part of the roof.</p>\n<div class=\"legend\">");
    families().forEach(family -> key(out, family, family));
    out.append("</div>\n<div class=\"roofs\">\n");
    for (DeviceRun device : run.devices()) {
      out.append("<div class=\"chart\"><h3>").append(escape(device.id())).append("<span>");
      out.append(escape(device.name())).append("</span></h3><div data-device=\"");
      out.append(escape(device.id())).append("\"></div></div>\n");
    }
    out.append("</div>\n");
  }

  private void sweeps(StringBuilder out) {
    out.append("<h2>Time against size</h2>\n<p>A call, waited for, against its number of ");
    out.append("elements, both logarithmic; the band reaches from the 10th to the 90th ");
    out.append("percentile. A ring: from here on one device beats another.</p>\n");
    out.append("<div class=\"legend\">");
    run.devices().forEach(device -> key(out, device.id().split(":", 2)[0], device.id()));
    out.append("</div>\n<div class=\"sweeps\">\n");
    for (String benchmark : benchmarks()) {
      out.append("<div class=\"chart\"><h3>").append(escape(benchmark));
      out.append("</h3><div data-benchmark=\"").append(escape(benchmark));
      out.append("\"></div><footer></footer></div>\n");
    }
    out.append("</div>\n");
  }

  private static void key(StringBuilder out, String colour, String label) {
    out.append("<span style=\"--key: var(--").append(escape(colour)).append(")\">");
    out.append(escape(label)).append("</span>");
  }

  private List<String> benchmarks() {
    return run.measurements().stream()
        .filter(Measurement::taken)
        .map(Measurement::benchmark)
        .distinct()
        .toList();
  }

  private List<String> families() {
    return run.measurements().stream()
        .filter(Measurement::taken)
        .map(Measurement::family)
        .distinct()
        .toList();
  }

  /** What the charts show. */
  private String data() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    ArrayNode devices = root.putArray("devices");
    for (DeviceRun device : run.devices()) {
      devices
          .addObject()
          .put("id", device.id())
          .put("bandwidthGbs", device.ceilings().bandwidthGbs())
          .put("fmaGflops", device.ceilings().fmaGflops());
    }
    ArrayNode measurements = root.putArray("measurements");
    run.measurements().stream()
        .filter(Measurement::taken)
        .forEach(m ->
            measurements
                .addObject()
                .put("device", m.device())
                .put("family", m.family())
                .put("benchmark", m.benchmark())
                .put("unfused", m.unfused())
                .put("elements", m.elements())
                .put("bytes", m.bytes())
                .put("operations", m.operations())
                .put("nanos", m.callNanos())
                .put("p10", m.quantileNanos(0.1))
                .put("p90", m.quantileNanos(0.9))
                .put("share", m.share(run.device(m.device()).ceilings())));
    return root.toString();
  }
}
