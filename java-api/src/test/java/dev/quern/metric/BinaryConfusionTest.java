package dev.quern.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.quern.Engine;
import dev.quern.Scope;
import dev.quern.loss.BceLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.SegmentationLoss;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BinaryConfusionTest {
  private static final float[] LOGITS = {1, 1, 1, -1, -1, -1, -1};
  private static final byte[] TARGET = {1, 1, 0, 1, 0, 0, 0};
  private static final ConfusionCounts COUNTS = new ConfusionCounts(3, 1, 1, 2);

  @Test
  void everyScoreIsOfTheSameCounts() {
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope()) {
      var x = scope.keep(engine.tensor(LOGITS, 7));
      var t = scope.keep(engine.tensor(TARGET, 7));
      Map<BinaryScore, Double> expected =
          Map.of(
              new BinaryJaccardIndex(engine), 2 / 4.0,
              new BinaryF1Score(engine), 4 / 6.0,
              new BinaryPrecision(engine), 2 / 3.0,
              new BinaryRecall(engine), 2 / 3.0,
              new BinarySpecificity(engine), 3 / 4.0,
              new BinaryAccuracy(engine), 5 / 7.0);
      expected.forEach((score, value) -> {
        try (score) {
          score.update(x, t);
          assertEquals(COUNTS, score.counts());
          assertEquals(value, score.compute(), score.getClass().getSimpleName());
        }
      });
    }
  }

  @Test
  void aScoreOfNothingIsTheZeroDivision() {
    var options = new BinaryConfusionOptions().withZeroDivision(0.25);
    try (Engine engine = Engine.open("reference")) {
      for (BinaryScore score :
          List.<BinaryScore>of(
              new BinaryJaccardIndex(engine, options),
              new BinaryF1Score(engine, options),
              new BinaryPrecision(engine, options),
              new BinaryRecall(engine, options),
              new BinarySpecificity(engine, options),
              new BinaryAccuracy(engine, options))) {
        try (score) {
          assertEquals(0.25, score.compute());
        }
      }
    }
  }

  @Test
  void countsAndScoresMerge() {
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope();
        BinaryConfusion counts = new BinaryConfusion(engine);
        BinaryRecall recall = new BinaryRecall(engine)) {
      var x = scope.keep(engine.tensor(LOGITS, 7));
      var t = scope.keep(engine.tensor(TARGET, 7));
      counts.update(x, t);
      recall.update(x, t);
      recall.merge(counts);
      assertEquals(new ConfusionCounts(6, 2, 2, 4), recall.counts());
      assertEquals(COUNTS, counts.counts());
    }
  }

  @Test
  void lossesCountOnceInPassing() {
    var lovasz = new LovaszLoss();
    try (Engine engine = Engine.open("reference");
        Scope scope = engine.openScope();
        BinaryConfusion counts = new BinaryConfusion(engine);
        BinaryConfusion ignoring =
            new BinaryConfusion(engine, new BinaryConfusionOptions().withIgnoreIndex(255))) {
      var x = scope.keep(engine.tensor(LOGITS, 7));
      var t = scope.keep(engine.tensor(TARGET, 7));
      for (SegmentationLoss loss :
          List.of(new BceLoss(), lovasz, lovasz.times(2).plus(lovasz).plus(new BceLoss()))) {
        loss.forwardBackward(x, t, engine.one(), counts);
        assertEquals(COUNTS, counts.counts());
        counts.reset();
        assertThrows(
            IllegalArgumentException.class,
            () -> loss.forwardBackward(x, t, engine.one(), ignoring));
      }
    }
  }
}
