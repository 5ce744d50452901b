package dev.quern.schedule;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.schedule.OneCycleLR.Anneal;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The sequences are what the recursive forms of PyTorch's classes give in f64. */
class ClosedFormScheduleTest {

  private static void check(ClosedFormSchedule schedule, double base, double... expected) {
    for (int step = 0; step < expected.length; step++) {
      assertEquals(expected[step], schedule.lr(step, base), 1e-15, schedule + " at " + step);
      assertEquals(expected[step], base * schedule.factor(step, base), 1e-15);
    }
  }

  @Test
  void cosineFallsAndClimbsBack() {
    check(
        new CosineAnnealingLR(4, 0.02),
        0.1,
        0.1,
        0.0882842712474619,
        0.06,
        0.0317157287525381,
        0.02,
        0.0317157287525381,
        0.06,
        0.0882842712474619,
        0.1,
        0.0882842712474619);
    check(new CosineAnnealingLR(2), 1, 1, 0.5, 0);
    check(new CosineAnnealingLR(3, 0.5), 0, 0, 0, 0, 0);
    // nothing drifts: 10^15 periods later
    long far = 8_000_000_000_000_000L + 4;
    assertEquals(0.02, new CosineAnnealingLR(4, 0.02).lr(far, 0.1));
  }

  @Test
  void polynomialEndsAtZero() {
    check(
        new PolynomialLR(4, 0.9),
        0.1,
        0.1,
        0.0771889506723571,
        0.0535886731268147,
        0.0287174588749259,
        0,
        0,
        0);
    // the example of PyTorch's documentation
    check(new PolynomialLR(4, 1), 0.001, 0.001, 0.00075, 0.0005, 0.00025, 0, 0);
    check(new PolynomialLR(5, 2), 1, 1, 0.64, 0.36, 0.16, 0.04, 0);
  }

  @Test
  void stairsAreEqual() {
    check(new StepLR(3, 0.1), 0.05, 0.05, 0.05, 0.05, 0.005, 0.005, 0.005, 0.0005, 0.0005);
    check(new StepLR(1, 2), 1, 1, 2, 4, 8);
  }

  @Test
  void aRepeatedMilestoneCountsTwice() {
    check(
        new MultiStepLR(List.of(3, 5, 5), 0.1),
        0.05,
        0.05,
        0.05,
        0.05,
        0.005,
        0.005,
        0.00005,
        0.00005);
  }

  @Test
  void exponentialMultipliesEveryStep() {
    check(new ExponentialLR(0.9), 0.1, 0.1, 0.09, 0.081, 0.0729, 0.06561);
    check(new ExponentialLR(1), 0.1, 0.1, 0.1, 0.1);
    assertEquals(0, new ExponentialLR(0.5).factor(1L << 40, 1));
  }

  @Test
  void oneCycleHasItsPeakAtTheBase() {
    check(
        new OneCycleLR(10),
        1,
        0.04,
        0.52,
        1,
        0.950484632013474,
        0.811745653949763,
        0.611262021936289,
        0.388741978063711,
        0.188258346050237,
        0.0495193679865263,
        4e-06,
        // and it stays there
        4e-06,
        4e-06);
    check(
        new OneCycleLR(10, 0.4, Anneal.LINEAR, 10, 100, true, 0.85, 0.95),
        0.1,
        0.01,
        0.04,
        0.07,
        0.1,
        0.07,
        0.04,
        0.01,
        0.0067,
        0.0034,
        1e-4,
        1e-4);
    check(
        new OneCycleLR(8, 0.5, Anneal.COS, 4, 8, true, 0.85, 0.95),
        0.1,
        0.025,
        0.04375,
        0.08125,
        0.1,
        0.08125,
        0.04375,
        0.025,
        0.003125,
        0.003125);
    // all of it rises
    check(
        new OneCycleLR(4, 1, Anneal.LINEAR, 4, 8, false, 0.85, 0.95),
        0.1,
        0.025,
        0.05,
        0.075,
        0.1,
        0.1);
  }

  /** The momentum is highest where the learning rate is lowest. */
  @Test
  void momentumCyclesAgainstTheLearningRate() {
    var cycle = new OneCycleLR(10, 0.4, Anneal.LINEAR, 10, 100, true, 0.8, 0.95);
    double[] expected = {0.95, 0.9, 0.85, 0.8, 0.85, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95};
    for (int step = 0; step < expected.length; step++) {
      assertEquals(expected[step], cycle.momentum(step), 1e-15, "step " + step);
    }
    var two = new OneCycleLR(10);
    double[] cosines = {0.95, 0.9, 0.85, 0.854951556604879, 0.868825509907063};
    for (int step = 0; step < cosines.length; step++) {
      assertEquals(cosines[step], two.momentum(step), 1e-12, "step " + step);
    }
    assertEquals(0.95, two.momentum(9));
    assertEquals(0.95, two.momentum(1000));
  }

  @Test
  void whatIsOutOfRangeIsRefusedInOneSentence() {
    refused("tMax", () -> new CosineAnnealingLR(0));
    refused("etaMin", () -> new CosineAnnealingLR(3, -1));
    refused("stepSize", () -> new StepLR(0, 0.1));
    refused("milestones", () -> new MultiStepLR(List.of(), 0.1));
    refused("milestones", () -> new MultiStepLR(List.of(3, 2), 0.1));
    refused("milestones", () -> new MultiStepLR(List.of(0, 2), 0.1));
    refused("totalSteps", () -> new PolynomialLR(0, 1));
    refused("totalSteps", () -> new OneCycleLR(0));
    refused("pctStart", () -> new OneCycleLR(3));
    for (double share : new double[] {-0.1, 0, 0.1, 1.1, Double.NaN}) {
      refused("pctStart", () -> new OneCycleLR(10, share, Anneal.COS, 25, 1e4, false, 0.85, 0.95));
    }
    for (double bad : new double[] {-1, 0, Double.NaN, Double.POSITIVE_INFINITY}) {
      refused("gamma", () -> new ExponentialLR(bad));
      refused("gamma", () -> new StepLR(3, bad));
      refused("gamma", () -> new MultiStepLR(List.of(3), bad));
      refused("power", () -> new PolynomialLR(3, bad));
      refused("divFactor", () -> new OneCycleLR(10, 0.3, Anneal.COS, bad, 1e4, false, 0.85, 0.95));
      refused(
          "finalDivFactor", () -> new OneCycleLR(10, 0.3, Anneal.COS, 25, bad, false, 0.85, 0.95));
    }
    refused("pctStart", () -> new OneCycleLR(4, 0.75, Anneal.LINEAR, 2, 1, true, 0.85, 0.95));
    refused("baseMomentum", () -> new OneCycleLR(9, 0.3, Anneal.COS, 25, 1e4, false, 1, 0.9));
    refused("maxMomentum", () -> new OneCycleLR(9, 0.3, Anneal.COS, 25, 1e4, false, 0.8, -0.1));
    refused("number of steps", () -> new OneCycleLR(9).momentum(-1));
    List<ClosedFormSchedule> all =
        List.of(
            new CosineAnnealingLR(3),
            new PolynomialLR(3, 1),
            new StepLR(3, 0.1),
            new MultiStepLR(List.of(3), 0.1),
            new ExponentialLR(0.9),
            new OneCycleLR(9));
    for (ClosedFormSchedule schedule : all) {
      refused("base learning rate", () -> schedule.factor(0, -0.1));
      refused("base learning rate", () -> schedule.lr(0, Double.NaN));
      refused("number of steps", () -> schedule.factor(-1, 0.1));
    }
  }

  private static void refused(String named, Runnable call) {
    String message =
        String.valueOf(assertThrows(IllegalArgumentException.class, call::run).getMessage());
    assertTrue(message.contains(named) && message.endsWith("."), message);
  }
}
