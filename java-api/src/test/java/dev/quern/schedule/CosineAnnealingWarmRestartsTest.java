package dev.quern.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;

class CosineAnnealingWarmRestartsTest {

  @Test
  void wholeStepsFollowTheCosineAndRestartWithGrowingPeriods() {
    var schedule = new CosineAnnealingWarmRestarts(3, 2, 0);
    double[] expected = {1, .75, .25, 1, 0.9330127018922194, .75, .5, .25, 0.06698729810778059, 1};
    var state = schedule.start();
    for (double lr : expected) {
      assertEquals(lr, schedule.lr(state, 1), 1e-15);
      state = schedule.step(state);
    }
    assertEquals(10, state.epoch());
    assertEquals(12, state.tI());
  }

  @Test
  void restartFallsOnTheExactEpochWhereALogarithmWouldMissIt() {
    assertEquals(0.0, new CosineAnnealingWarmRestarts(4, 3, 0).at(121 * 4).tCur());
    assertEquals(0.0, new CosineAnnealingWarmRestarts(5, 10, 0).at(111 * 5).tCur());
  }

  @Test
  void wholeEpochsAreTheSameBySteppingAndByPosition() {
    for (int tMult = 1; tMult <= 4; tMult++) {
      var schedule = new CosineAnnealingWarmRestarts(3, tMult, 0.01);
      var state = schedule.start();
      for (int epoch = 0; epoch < 500; epoch++) {
        assertEquals(state, schedule.at(epoch));
        state = schedule.step(state);
      }
    }
  }

  @Test
  void stepAfterAFractionKeepsTheFraction() {
    var schedule = new CosineAnnealingWarmRestarts(4, 2, 0);
    assertEquals(
        new CosineAnnealingWarmRestarts.State(3, 3.25, 4, 0), schedule.step(schedule.at(2.25)));
    assertEquals(
        new CosineAnnealingWarmRestarts.State(4, 0.25, 8, 1), schedule.step(schedule.at(3.25)));
  }

  @Test
  void stateSurvivesBeingWrittenAndReadAtEveryStep() {
    var schedule = new CosineAnnealingWarmRestarts(2, 3, 1e-4);
    long seed = 7;
    var random = new Random(seed);
    var straight = schedule.start();
    var resumed = schedule.start();
    for (int i = 0; i < 300; i++) {
      if (random.nextInt(4) == 0) {
        double epoch = i + random.nextDouble();
        straight = schedule.at(epoch);
        resumed = schedule.at(epoch);
      } else {
        straight = schedule.step(straight);
        resumed = schedule.step(writtenAndRead(resumed));
      }
      assertEquals(straight, resumed, "seed " + seed + ", step " + i);
      assertEquals(schedule.lr(straight, 0.1), schedule.lr(resumed, 0.1));
    }
  }

  private static CosineAnnealingWarmRestarts.State writtenAndRead(
      CosineAnnealingWarmRestarts.State state) {
    return new CosineAnnealingWarmRestarts.State(
        Long.parseLong(Long.toString(state.epoch())),
        Double.parseDouble(Double.toString(state.tCur())),
        Double.parseDouble(Double.toString(state.tI())),
        Long.parseLong(Long.toString(state.restarts())));
  }

  @Test
  void factorTimesBaseIsTheLearningRate() {
    var schedule = new CosineAnnealingWarmRestarts(7, 1, 0.05);
    var state = schedule.at(4.5);
    for (double base : new double[] {1e-6, 0.05, 0.1, 3}) {
      assertEquals(
          schedule.lr(state, base),
          base * schedule.factor(state, base),
          1e-15 * schedule.lr(state, base));
    }
    assertEquals(0.0, schedule.lr(state, 0));
    assertEquals(1.0, schedule.factor(state, 0));
  }

  @Test
  void parametersOutsideTheirRangeAreRefused() {
    refused(() -> new CosineAnnealingWarmRestarts(0));
    refused(() -> new CosineAnnealingWarmRestarts(1, 0, 0));
    refused(() -> new CosineAnnealingWarmRestarts(1, 1, -1e-9));
    refused(() -> new CosineAnnealingWarmRestarts(1, 1, Double.NaN));
    refused(() -> new CosineAnnealingWarmRestarts(1, 1, Double.POSITIVE_INFINITY));
    var schedule = new CosineAnnealingWarmRestarts(1);
    refused(() -> schedule.at(-0.5));
    refused(() -> schedule.at(Double.NaN));
    refused(() -> schedule.at(Double.POSITIVE_INFINITY));
    refused(() -> schedule.lr(schedule.start(), Double.NaN));
    refused(() -> schedule.lr(schedule.start(), -1));
    refused(() -> new CosineAnnealingWarmRestarts.State(-1, 0, 1, 0));
    refused(() -> new CosineAnnealingWarmRestarts.State(0, Double.NaN, 1, 0));
    refused(() -> new CosineAnnealingWarmRestarts.State(0, 0, 0, 0));
  }

  private static void refused(Runnable call) {
    var e = assertThrows(IllegalArgumentException.class, call::run);
    assertTrue(String.valueOf(e.getMessage()).endsWith("."), e.toString());
  }
}
