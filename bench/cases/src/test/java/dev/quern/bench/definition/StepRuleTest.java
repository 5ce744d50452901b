package dev.quern.bench.definition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The optimizers against PyTorch's trajectories in f64 and by hand. */
class StepRuleTest {
  private static final float[] GRADIENTS = {0.5f, -0.3f, 0.01f, 2};
  private static final double NONE = Double.POSITIVE_INFINITY;

  private static AdamRule adam(
      double eps, double decay, boolean decoupled, boolean amsgrad, boolean maximize) {
    return new AdamRule(0.1, 0.9, 0.999, eps, decay, decoupled, 0, false, amsgrad, maximize);
  }

  private static void assertTrajectory(StepRule rule, double... expected) {
    var weights = new Weights(new float[] {1});
    for (int i = 0; i < expected.length; i++) {
      rule.step(weights, new float[] {GRADIENTS[i]}, 1, NONE);
      assertEquals(expected[i], weights.w[0], 3e-8);
    }
  }

  @Test
  void adamOfPyTorch() {
    assertTrajectory(
        adam(1e-8, 0, false, false, false),
        .900000002000,
        .880850198942,
        .864953179800,
        .805517089124);
    assertTrajectory(
        adam(1e-8, 0.1, false, false, false),
        .900000001667,
        .861352997210,
        .822254234456,
        .757284624590);
    assertTrajectory(
        adam(1e-8, 0.1, true, false, false),
        .890000002000,
        .861950198922,
        .837433677790,
        .769623250337);
    assertTrajectory(
        adam(1e-8, 0, false, true, false),
        .900000002000,
        .880850198942,
        .864958789782,
        .805522699106);
    assertTrajectory(
        adam(1e-8, 0, false, false, true),
        1.099999998000,
        1.119149801058,
        1.135046820200,
        1.194482910876);
    assertTrajectory(
        adam(1e-3, 0, false, false, false),
        .900199600798,
        .881096135439,
        .865246207516,
        .805867084754);
  }

  /** By hand: b = .5, then .9 * .5 + .5 * -.3 = .3, then .9 * .3 + .5 * .01. */
  @Test
  void momentumTakesTheFirstGradientWithoutDampening() {
    assertTrajectory(new SgdRule(1, 0.9, 0.5, false, 0, false), 0.5, 0.2, -0.075);
    assertTrajectory(new SgdRule(1, 0.9, 0, true, 0, false), 0.05, 0.215);
    assertTrajectory(new SgdRule(1, 0, 0, false, 0.5, false), 0, 0.3);
    assertTrajectory(new SgdRule(1, 0, 0, false, 0, true), 1.5, 1.2);
  }

  @Test
  void softThresholdMakesZeros() {
    var weights = new Weights(new float[] {0.05f, -1});
    var rule = new AdamRule(0.1, 0.9, 0.999, 1e-8, 0, false, 1, true, false, false);
    rule.step(weights, new float[] {0, 0}, 1, NONE);
    assertEquals(0, weights.w[0]);
    assertEquals(-0.9, weights.w[1], 1e-12);
  }

  @Test
  void weightsNextToZeroLeaveTheirSignOpen() {
    var weights = new Weights(new float[] {1});
    weights.set(0, 1e-8, 1);
    new AdamRule(0.1, 0.9, 0.999, 1e-8, 0, false, 1, false, false, false)
        .step(weights, new float[] {0}, 1, NONE);
    assertNull(weights.compare(new float[] {5}));
    assertFalse(weights.decided());
  }

  @Test
  void movedWeightIsFound() {
    var weights = new Weights(new float[] {1});
    new SgdRule(0.1, 0, 0, false, 0, false).step(weights, new float[] {1}, 1, NONE);
    assertNull(weights.compare(new float[] {0.9f}));
    assertNotNull(weights.compare(new float[] {0.9f + 2e-6f}));
    assertNotNull(weights.compare(new float[] {Float.NaN}));
    assertTrue(weights.decided());
  }

  @Test
  void normsOfLargeGradientsNeitherOverflowNorVanish() {
    var large = GradientNorm.of(List.of(new float[] {2e38f, 2e38f, 2e38f, 2e38f}), 1, 1);
    assertEquals(4e38, large.norm(), 1e32);
    assertEquals(2.5e-39, large.coefficient(), 1e-45);
    assertTrue(large.finite());
    assertEquals(1e-40, GradientNorm.of(List.of(new float[] {1e-40f}), 1, 1).norm(), 1e-45);
    assertFalse(GradientNorm.of(List.of(new float[] {Float.NaN}), 1, NONE).finite());
    assertEquals(1, GradientNorm.of(List.of(new float[] {Float.NaN}), 1, NONE).coefficient());
  }
}
