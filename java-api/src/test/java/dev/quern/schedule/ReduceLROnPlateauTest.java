package dev.quern.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.schedule.ReduceLROnPlateau.Mode;
import dev.quern.schedule.ReduceLROnPlateau.State;
import dev.quern.schedule.ReduceLROnPlateau.ThresholdMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ReduceLROnPlateauTest {

  @Test
  void constantMetricReducesWithPeriodPatiencePlusOnePlusCooldown() {
    var schedule = new ReduceLROnPlateau(Mode.MIN).withPatience(1).withCooldown(2);
    assertEquals(List.of(2, 6, 10), reductions(schedule, 12, 1.0));
  }

  @Test
  void nanIsABadEpochAndNeverTheBest() {
    var schedule = new ReduceLROnPlateau(Mode.MIN).withPatience(1);
    var state = schedule.step(schedule.start(1), Double.NaN, 0.1);
    assertEquals(1, state.badEpochs());
    assertEquals(Double.POSITIVE_INFINITY, state.best());
    state = schedule.step(state, 3, 0.1);
    assertEquals(3, state.best());
    assertEquals(0, state.badEpochs());
  }

  @Test
  void bestMayImproveDuringTheCooldown() {
    var schedule = new ReduceLROnPlateau(Mode.MAX).withPatience(0).withCooldown(3);
    var state = schedule.start(1);
    state = schedule.step(state, 0.5, 0.1);
    state = schedule.step(state, 0.5, 0.1);
    assertEquals(0.1, state.factor(0), 1e-15);
    state = schedule.step(state, 0.9, 0.1);
    assertEquals(0.9, state.best());
    assertEquals(2, state.cooldownLeft());
  }

  @Test
  void thresholdIsStrict() {
    var abs =
        new ReduceLROnPlateau(Mode.MIN).withThreshold(0.25, ThresholdMode.ABS).withPatience(9);
    var state = abs.step(abs.start(1), 1, 0.1);
    assertEquals(1, abs.step(state, 0.75, 0.1).badEpochs());
    assertEquals(0, abs.step(state, 0.7499, 0.1).badEpochs());
    var rel =
        new ReduceLROnPlateau(Mode.MAX).withThreshold(0.25, ThresholdMode.REL).withPatience(9);
    state = rel.step(rel.start(1), 2, 0.1);
    assertEquals(1, rel.step(state, 2.5, 0.1).badEpochs());
    assertEquals(0, rel.step(state, 2.5001, 0.1).badEpochs());
  }

  @Test
  void aFractionOfTheMagnitudeTightensForMetricsOfEitherSign() {
    var rel = new ReduceLROnPlateau(Mode.MIN).withThreshold(0.25, ThresholdMode.REL);
    // as in PyTorch a worse metric becomes the best
    var state = rel.step(rel.start(1), -4, 0.1);
    assertEquals(-3.5, rel.step(state, -3.5, 0.1).best());

    var min = rel.withThreshold(0.25, ThresholdMode.MAGNITUDE);
    state = min.step(min.start(1), -4, 0.1);
    assertEquals(-4, state.best());
    for (double notBetter : new double[] {-3.5, -4, -5, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertEquals(1, min.step(state, notBetter, 0.1).badEpochs(), "" + notBetter);
    }
    assertEquals(-5.01, min.step(state, -5.01, 0.1).best());
    state = min.step(min.start(1), 4, 0.1);
    assertEquals(1, min.step(state, 3, 0.1).badEpochs());
    assertEquals(2.99, min.step(state, 2.99, 0.1).best());
    assertEquals(-0.01, min.step(min.step(state, 0, 0.1), -0.01, 0.1).best());

    var max = new ReduceLROnPlateau(Mode.MAX).withThreshold(2, ThresholdMode.MAGNITUDE);
    state = max.step(max.start(1), -4, 0.1);
    assertEquals(-4, state.best());
    assertEquals(1, max.step(state, 4, 0.1).badEpochs());
    assertEquals(4.1, max.step(state, 4.1, 0.1).best());
    state = max.step(max.start(1), 4, 0.1);
    assertEquals(1, max.step(state, 12, 0.1).badEpochs());
  }

  @Test
  void aFractionOfTheMagnitudeIsRelativeToTheBitForMetricsThatAreNotNegative() {
    for (long seed = 0; seed < 100; seed++) {
      var random = new Random(seed);
      double threshold = random.nextInt(3) == 0 ? 0 : 0.3 * random.nextDouble();
      var rel =
          new ReduceLROnPlateau(random.nextBoolean() ? Mode.MIN : Mode.MAX)
              .withPatience(1)
              .withThreshold(threshold, ThresholdMode.REL);
      var magnitude = rel.withThreshold(threshold, ThresholdMode.MAGNITUDE);
      var one = rel.start(1);
      var other = magnitude.start(1);
      for (int i = 0; i < 80; i++) {
        double metric = random.nextInt(8) == 0 ? 0 : random.nextDouble();
        one = rel.step(one, metric, 0.1);
        other = magnitude.step(other, metric, 0.1);
        assertEquals(one, other, "seed " + seed + ", step " + i);
      }
    }
  }

  @Test
  void boundsAndLeastChangeActOnTheScheduleOwnLearningRatePerGroup() {
    var schedule =
        new ReduceLROnPlateau(Mode.MIN)
            .withPatience(0)
            .withMinLr(List.of(0.05, 0.0))
            .withEps(0.002);
    double[] base = {0.1, 0.01};
    var state = schedule.step(schedule.start(2), 1, base);
    state = schedule.step(state, 1, base);
    assertEquals(0.05, base[0] * state.factor(0), 1e-16);
    assertEquals(0.001, base[1] * state.factor(1), 1e-16);
    var same = schedule.step(state, 1, base);
    assertEquals(state.factors(), same.factors());
    assertEquals(0, same.badEpochs());
  }

  @Test
  void aLowerBoundAboveTheLearningRateDoesNotRaiseIt() {
    var schedule = new ReduceLROnPlateau(Mode.MIN).withPatience(0).withMinLr(List.of(1.0));
    var state = schedule.step(schedule.start(1), 1, 0.1);
    assertEquals(1.0, schedule.step(state, 1, 0.1).factor(0));
  }

  @Test
  void groupWithBaseZeroKeepsItsFactor() {
    var schedule = new ReduceLROnPlateau(Mode.MIN).withPatience(0).withEps(0);
    var state = schedule.step(schedule.start(1), 1, 0.0);
    assertEquals(1.0, schedule.step(state, 1, 0.0).factor(0));
  }

  @Test
  void stateSurvivesBeingWrittenAndReadAtEveryStep() {
    List<ThresholdMode> modes = List.of(ThresholdMode.values());
    for (long seed = 0; seed < 50; seed++) {
      var random = new Random(seed);
      var schedule =
          new ReduceLROnPlateau(random.nextBoolean() ? Mode.MIN : Mode.MAX)
              .withFactor(0.1 + 0.8 * random.nextDouble())
              .withPatience(random.nextInt(3))
              .withCooldown(random.nextInt(3))
              .withThreshold(0.05, modes.get(random.nextInt(3)));
      double[] base = {0.1, random.nextDouble()};
      var straight = schedule.start(2);
      var resumed = schedule.start(2);
      for (int i = 0; i < 60; i++) {
        double metric = random.nextInt(10) == 0 ? Double.NaN : random.nextDouble();
        straight = schedule.step(straight, metric, base);
        resumed = schedule.step(writtenAndRead(resumed), metric, base);
        assertEquals(straight, resumed, "seed " + seed + ", step " + i);
      }
    }
  }

  private static State writtenAndRead(State state) {
    var factors = new ArrayList<Double>();
    for (double factor : state.factors()) {
      factors.add(Double.parseDouble(Double.toString(factor)));
    }
    return new State(
        Long.parseLong(Long.toString(state.epoch())),
        Double.parseDouble(Double.toString(state.best())),
        Integer.parseInt(Integer.toString(state.badEpochs())),
        Integer.parseInt(Integer.toString(state.cooldownLeft())),
        factors);
  }

  @Test
  void parametersOutsideTheirRangeAreRefused() {
    var schedule = new ReduceLROnPlateau(Mode.MIN);
    for (double factor : new double[] {0, -0.5, 1, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused(() -> schedule.withFactor(factor));
    }
    for (double value : new double[] {-1e-9, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused(() -> schedule.withThreshold(value, ThresholdMode.ABS));
      refused(() -> schedule.withEps(value));
      refused(() -> schedule.withMinLr(List.of(value)));
      refused(() -> schedule.step(schedule.start(1), 1, value));
    }
    refused(() -> schedule.withThreshold(1, ThresholdMode.REL));
    refused(() -> schedule.withPatience(-1));
    refused(() -> schedule.withCooldown(-1));
    refused(() -> schedule.withMinLr(List.of()));
    refused(() -> schedule.start(0));
    refused(() -> schedule.withMinLr(List.of(0.0, 0.0)).start(3));
    refused(() -> schedule.step(schedule.start(2), 1, 0.1));
    refused(() -> new State(-1, 0, 0, 0, List.of(1.0)));
    refused(() -> new State(0, Double.NaN, 0, 0, List.of(1.0)));
    refused(() -> new State(0, 0, 0, 0, List.of(1.5)));
  }

  private static List<Integer> reductions(ReduceLROnPlateau schedule, int calls, double metric) {
    var at = new ArrayList<Integer>();
    var state = schedule.start(1);
    for (int call = 0; call < calls; call++) {
      var next = schedule.step(state, metric, 0.1);
      if (next.factor(0) < state.factor(0)) {
        at.add(call);
      }
      state = next;
    }
    return at;
  }

  private static void refused(Runnable call) {
    var e = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(String.valueOf(e.getMessage()).endsWith("."), e.toString());
  }
}
