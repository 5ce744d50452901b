package dev.quern.bench.golden;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.metric.Average;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.metric.ConfusionMatrix;
import dev.quern.metric.MulticlassConfusion;
import dev.quern.metric.MulticlassConfusionOptions;
import dev.quern.metric.Predictions;
import dev.quern.metric.Score;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The suite {@code confusion_scores}: torchmetrics' scores from counts, binary from probabilities
 * and multiclass from scores, with the target in every dtype that holds it.
 */
final class ConfusionCheck implements GoldenCheck {

  private static final Map<String, Score> SCORES =
      Map.of(
          "jaccard", Score.JACCARD,
          "f1", Score.DICE,
          "precision", Score.PRECISION,
          "recall", Score.RECALL,
          "specificity", Score.SPECIFICITY,
          "accuracy", Score.ACCURACY);

  @Override
  public boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public Optional<String> check(Engine engine, GoldenCase golden) {
    boolean multiclass = golden.hasParam("num_classes");
    var dtypes = new ArrayList<>(List.of(DType.I64, DType.I32));
    if (!golden.hasParam("ignore_index") || golden.param("ignore_index", 0.0) >= 0) {
      dtypes.add(DType.U8);
    }
    if (!multiclass) {
      dtypes.add(DType.F32);
    }
    for (DType dtype : dtypes) {
      Optional<String> failure =
          (multiclass ? multiclass(engine, golden, dtype) : binary(engine, golden, dtype))
              .map(why -> dtype + ": " + why);
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> binary(Engine engine, GoldenCase golden, DType dtype) {
    var options =
        new BinaryConfusionOptions()
            .withPredictions(Predictions.PROBABILITIES)
            .withThreshold(golden.param("threshold", 0.5))
            .withIgnoreIndex(ignoreIndex(golden));
    ConfusionCounts counts;
    try (var _ = engine.openScope();
        var metric = new BinaryJaccardIndex(engine, options)) {
      metric.update(
          golden.array("preds").upload(engine), golden.array("target").upload(engine, dtype));
      counts = metric.counts();
    }
    for (Map.Entry<String, JsonNode> entry : golden.get("scores").properties()) {
      double actual =
          switch (score(entry.getKey())) {
            case JACCARD -> counts.jaccard(0);
            case DICE -> counts.dice(0);
            case PRECISION -> counts.precision(0);
            case RECALL -> counts.recall(0);
            case SPECIFICITY -> counts.specificity(0);
            case ACCURACY -> counts.accuracy(0);
          };
      Optional<String> failure =
          Tolerance.SCORE.compare(entry.getKey(), entry.getValue().doubleValue(), actual);
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }

  private static Optional<String> multiclass(Engine engine, GoldenCase golden, DType dtype) {
    int classes = (int) golden.param("num_classes", 0.0);
    var options = new MulticlassConfusionOptions(classes).withIgnoreIndex(ignoreIndex(golden));
    ConfusionMatrix matrix;
    try (var _ = engine.openScope();
        var metric = new MulticlassConfusion(engine, options)) {
      metric.update(
          golden.array("preds").upload(engine), golden.array("target").upload(engine, dtype));
      matrix = metric.compute();
    }
    JsonNode rows = golden.get("confmat");
    for (int t = 0; t < classes; t++) {
      for (int p = 0; p < classes; p++) {
        Optional<String> failure =
            Tolerance.EXACT.compare(
                "count of " + t + " as " + p,
                rows.get(t).get(p).doubleValue(),
                (double) matrix.count(t, p));
        if (failure.isPresent()) {
          return failure;
        }
      }
    }
    for (Map.Entry<String, JsonNode> entry : golden.get("scores").properties()) {
      String name = entry.getKey();
      int bar = name.lastIndexOf('_');
      Score score = score(name.substring(0, bar));
      String average = name.substring(bar + 1);
      Optional<String> failure =
          average.equals("none")
              ? Tolerance.SCORE.compare(name, numbers(entry.getValue()), matrix.perClass(score))
              : Tolerance.SCORE.compare(
                  name,
                  entry.getValue().doubleValue(),
                  matrix.score(score, Average.valueOf(average.toUpperCase(Locale.ROOT))));
      if (failure.isPresent()) {
        return failure;
      }
    }
    return Optional.empty();
  }

  private static Score score(String name) {
    Score score = SCORES.get(name);
    if (score == null) {
      throw new IllegalArgumentException("There is no score " + name + ".");
    }
    return score;
  }

  private static @Nullable Integer ignoreIndex(GoldenCase golden) {
    return golden.hasParam("ignore_index") ? (int) golden.param("ignore_index", 0.0) : null;
  }

  private static double[] numbers(JsonNode list) {
    double[] numbers = new double[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = list.get(i).doubleValue();
    }
    return numbers;
  }
}
