package dev.quern.train.report;

import static dev.quern.train.report.Html.escape;
import static dev.quern.train.report.Html.plural;
import static dev.quern.train.report.Html.resource;

import dev.quern.train.io.AtomicFile;
import dev.quern.train.run.EpochMetrics;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The report of a run as one HTML file that needs nothing else: scores, curves of IoU, loss and
 * learning rate (drawn by uPlot, which is inside), examples, configuration and all numbers.
 *
 * @param title name of the run
 * @param summary one sentence on model, data and backend
 * @param notes what was seen of the images, and what was left out, a sentence each
 * @param epochs at least one
 * @param otsuIou validation IoU of Otsu's threshold
 * @param examples validation images, in the order shown
 * @param configuration name and value of every setting
 * @param logarithmicRate whether the learning rate falls by factors rather than smoothly
 */
public record RunReport(
    String title,
    String summary,
    List<String> notes,
    List<EpochMetrics> epochs,
    double otsuIou,
    List<Example> examples,
    Map<String, String> configuration,
    boolean logarithmicRate) {

  /**
   * Writes the file, whole or not at all.
   *
   * @param file to make or replace
   */
  public void write(Path file) {
    AtomicFile.writeText(file, html());
  }

  private String html() {
    EpochMetrics best =
        epochs.stream().max(Comparator.comparingDouble(EpochMetrics::valIou)).orElseThrow();
    double seconds = epochs.stream().mapToDouble(EpochMetrics::seconds).sum();
    StringBuilder out = new StringBuilder();
    out.append("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    out.append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.append("<title>").append(escape(title)).append("</title>\n<style>\n");
    out.append(resource("uPlot.min.css")).append(resource("report.css"));
    out.append("</style>\n</head>\n<body>\n<main>\n<h1>").append(escape(title));
    out.append("</h1>\n<p>").append(escape(summary)).append("</p>\n");
    notes(out);
    out.append("<div class=\"tiles\">\n");
    tile(out, number(best.valIou()), "validation IoU, epoch " + best.epoch());
    tile(out, number(otsuIou), "IoU of Otsu's threshold");
    tile(out, String.format(Locale.ROOT, "%+.4f", best.valIou() - otsuIou), "gain over Otsu");
    tile(out, String.valueOf(epochs.size()), plural(epochs.size(), "epoch"));
    tile(out, String.format(Locale.ROOT, "%.1f s", seconds), "training and validation");
    out.append("</div>\n<h2>Curves</h2>\n<div class=\"charts\">\n");
    chart(out, "iou", "IoU");
    chart(out, "loss", "Loss");
    chart(out, "rate", "Learning rate");
    out.append("</div>\n");
    examples(out);
    tables(out);
    out.append("</main>\n<script type=\"application/json\" id=\"run\">");
    out.append(curves().replace("</", "<\\/")).append("</script>\n<script>\n");
    out.append(resource("uPlot.iife.min.js")).append("</script>\n<script>\n");
    out.append(resource("report.js")).append("</script>\n</body>\n</html>\n");
    return out.toString();
  }

  private void notes(StringBuilder out) {
    if (notes.isEmpty()) {
      return;
    }
    out.append("<ul class=\"notes\">\n");
    notes.forEach(note -> out.append("<li>").append(escape(note)).append("</li>\n"));
    out.append("</ul>\n");
  }

  private static void tile(StringBuilder out, String value, String label) {
    out.append("<div class=\"tile\"><b>").append(value).append("</b><span>");
    out.append(label).append("</span></div>\n");
  }

  private static void chart(StringBuilder out, String id, String title) {
    out.append("<div class=\"chart\"><h3>").append(title).append("</h3><div id=\"");
    out.append(id).append("\"></div></div>\n");
  }

  private void examples(StringBuilder out) {
    if (examples.isEmpty()) {
      return;
    }
    out.append("<h2>Validation images, from the worst to the best</h2>\n<p>");
    key(out, "hit", "found");
    key(out, "extra", "not there");
    key(out, "missed", "missed");
    out.append("</p>\n<div class=\"examples\">\n");
    for (Example example : examples) {
      out.append("<div class=\"example\"><header><b>").append(escape(example.name()));
      out.append("</b><span>IoU ").append(number(example.iou()));
      out.append("</span></header><div class=\"panels\">");
      panel(out, example.image(), "image");
      panel(out, example.truth(), "truth (outline)");
      panel(out, example.prediction(), "prediction");
      out.append("</div></div>\n");
    }
    out.append("</div>\n");
  }

  private static void key(StringBuilder out, String colour, String label) {
    out.append("<span class=\"key\" style=\"background: var(--").append(colour);
    out.append(")\"></span>").append(label);
  }

  private static void panel(StringBuilder out, String picture, String caption) {
    out.append("<figure><img alt=\"").append(caption).append("\" src=\"").append(picture);
    out.append("\"><figcaption>").append(caption).append("</figcaption></figure>");
  }

  private void tables(StringBuilder out) {
    out.append("<h2>Numbers</h2>\n<details><summary>Configuration</summary>");
    out.append("<div class=\"scroll\"><table>\n");
    configuration.forEach((name, value) -> {
      out.append("<tr><th>").append(escape(name)).append("</th><td class=\"text\">");
      out.append(escape(value)).append("</td></tr>\n");
    });
    out.append("</table></div></details>\n<details><summary>All epochs</summary>");
    out.append("<div class=\"scroll\"><table>\n<tr><th>epoch</th><th>learning rate</th>");
    out.append("<th>training loss</th><th>training IoU</th><th>validation loss</th>");
    out.append("<th>validation IoU</th><th>seconds</th></tr>\n");
    for (EpochMetrics epoch : epochs) {
      out.append(
          String.format(
              Locale.ROOT,
              "<tr><td>%d</td><td>%.3g</td><td>%.5f</td><td>%.4f</td><td>%.5f</td><td>%.4f</td>"
                  + "<td>%.2f</td></tr>%n",
              epoch.epoch(),
              epoch.learningRate(),
              epoch.trainLoss(),
              epoch.trainIou(),
              epoch.valLoss(),
              epoch.valIou(),
              epoch.seconds()));
    }
    out.append("</table></div></details>\n");
  }

  private String curves() {
    ObjectNode root = JsonMapper.shared().createObjectNode();
    series(root, "epoch", EpochMetrics::epoch);
    series(root, "learningRate", EpochMetrics::learningRate);
    series(root, "trainLoss", EpochMetrics::trainLoss);
    series(root, "trainIou", EpochMetrics::trainIou);
    series(root, "valLoss", EpochMetrics::valLoss);
    series(root, "valIou", EpochMetrics::valIou);
    root.put("otsuIou", otsuIou);
    root.put("logarithmicRate", logarithmicRate);
    return root.toString();
  }

  private void series(ObjectNode root, String name, ToDoubleFunction<EpochMetrics> value) {
    ArrayNode values = root.putArray(name);
    for (EpochMetrics epoch : epochs) {
      double number = value.applyAsDouble(epoch);
      if (Double.isFinite(number)) {
        values.add(number);
      } else {
        values.addNull();
      }
    }
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }
}
