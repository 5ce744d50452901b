package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.metric.Predictions;
import java.util.LinkedHashSet;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The suite {@code binary_jaccard_index}: counts exactly and the index after every update, both as
 * torchmetrics guesses what predictions are and with that said.
 */
final class JaccardCheck implements GoldenCheck {

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    var kinds = new LinkedHashSet<Predictions>();
    boolean labels = GoldenArray.of(golden.get("updates").get(0).required("preds")).isInteger();
    if (labels) {
      kinds.add(Predictions.LABELS);
    } else {
      kinds.add(Predictions.AUTO);
      boolean logits = golden.json().path("name").asString("").equals("logit");
      kinds.add(logits ? Predictions.LOGITS : Predictions.PROBABILITIES);
    }
    for (Predictions kind : kinds) {
      Optional<String> failure = check(engine, golden, kind).map(why -> kind + ": " + why);
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> check(Engine engine, GoldenCase golden, Predictions kind) {
    BinaryConfusionOptions options =
        new BinaryConfusionOptions()
            .withPredictions(kind)
            .withThreshold(golden.param("threshold", 0.5))
            .withZeroDivision(golden.param("zero_division", 0.0));
    if (golden.hasParam("ignore_index")) {
      options = options.withIgnoreIndex((int) golden.param("ignore_index", 0.0));
    }
    try (var metric = new BinaryJaccardIndex(engine, options)) {
      for (JsonNode update : golden.get("updates").values()) {
        try (var _ = engine.openScope()) {
          metric.update(
              GoldenArray.of(update.required("preds")).upload(engine),
              GoldenArray.of(update.required("target")).uploadTarget(engine));
        }
        double soFar = update.required("value_so_far").doubleValue();
        Optional<String> failure = Tolerance.SCORE.compare("value so far", soFar, metric.compute());
        if (failure.isPresent()) {
          return failure;
        }
      }
      JsonNode matrix = golden.get("confmat");
      if (matrix.isObject()) {
        return counts(GoldenArray.of(matrix).doubles(), metric.counts());
      }
      double[] expected = {
        matrix.get(0).get(0).doubleValue(),
        matrix.get(0).get(1).doubleValue(),
        matrix.get(1).get(0).doubleValue(),
        matrix.get(1).get(1).doubleValue()
      };
      return counts(expected, metric.counts())
          .or(() ->
              Tolerance.SCORE.compare(
                  "value", golden.get("value").doubleValue(), metric.compute()));
    }
  }

  private static Optional<String> counts(double[] expected, ConfusionCounts counts) {
    double[] actual = {
      counts.trueNegatives(),
      counts.falsePositives(),
      counts.falseNegatives(),
      counts.truePositives()
    };
    return Tolerance.EXACT.compare("counts (tn, fp, fn, tp)", expected, actual);
  }
}
