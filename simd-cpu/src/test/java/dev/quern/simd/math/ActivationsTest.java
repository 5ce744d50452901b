package dev.quern.simd.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** How far activation functions and their slopes are from the exact ones. */
class ActivationsTest {
  private static final int SAMPLES = 200_000;

  @Test
  void tanh() {
    check(2, 0, StrictMath::tanh, x -> Activations.tanh(x, twice(x)));
    check(6, 0, x -> 1 / square(StrictMath.cosh(x)), x -> Activations.tanhSlope(twice(x)));
  }

  @Test
  void gelu() {
    check(8, 0, x -> x * normal(x), x -> Activations.gelu(x, half(x)));
    check(0, 2e-7, x -> normal(x) + x * density(x), x -> Activations.geluSlope(x, half(x)));
  }

  @Test
  void silu() {
    check(5, 0, x -> x * sigmoid(x), x -> Activations.silu(x, once(x)));
    check(0, 3e-7, x -> sigmoid(x) * (1 + x * sigmoid(-x)), x -> Activations.siluSlope(x, once(x)));
  }

  @Test
  void sigmoidSlope() {
    check(5, 0, x -> sigmoid(x) * sigmoid(-x), x -> Activations.sigmoidSlope(once(x)));
  }

  @Test
  void ofNumbersThatAreNone() {
    float inf = Float.POSITIVE_INFINITY;
    assertEquals(1, at(inf, x -> Activations.tanh(x, twice(x))));
    assertEquals(-1, at(-inf, x -> Activations.tanh(x, twice(x))));
    assertEquals(-0.0f, at(-0.0f, x -> Activations.tanh(x, twice(x))));
    assertEquals(inf, at(inf, x -> Activations.gelu(x, half(x))));
    assertEquals(Float.NaN, at(-inf, x -> Activations.gelu(x, half(x))));
    assertEquals(Float.NaN, at(inf, x -> Activations.geluSlope(x, half(x))));
    assertEquals(1, at(1e30f, x -> Activations.geluSlope(x, half(x))));
    assertEquals(Float.NaN, at(Float.NaN, x -> Activations.geluSlope(x, half(x))));
    assertEquals(Float.NaN, at(Float.NaN, x -> Activations.gelu(x, half(x))));
    assertEquals(Float.NaN, at(Float.NaN, x -> Activations.tanh(x, twice(x))));
    assertEquals(inf, at(inf, x -> Activations.silu(x, once(x))));
    assertEquals(Float.NaN, at(-inf, x -> Activations.silu(x, once(x))));
    assertEquals(Float.NaN, at(inf, x -> Activations.siluSlope(x, once(x))));
  }

  private static float at(float x, UnaryOperator<FloatVector> function) {
    return function.apply(VectorMath.lanes(x)).lane(0);
  }

  private static FloatVector once(FloatVector x) {
    return VectorMath.expOfMinusAbs(x);
  }

  private static FloatVector twice(FloatVector x) {
    return Activations.expOfMinusTwiceAbs(x);
  }

  private static FloatVector half(FloatVector x) {
    return Activations.expOfMinusHalfSquare(x);
  }

  private static double square(double x) {
    return x * x;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  private static double density(double x) {
    return StrictMath.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
  }

  /** The share of the normal distribution below x: near 0 by its series, else a fraction. */
  private static double normal(double x) {
    double a = Math.abs(x);
    double above;
    if (a < 3) {
      double term = a;
      double sum = a;
      for (int n = 1; n < 100; n++) {
        term *= a * a / (2 * n + 1);
        sum += term;
      }
      above = 0.5 - density(a) * sum;
    } else {
      double fraction = a;
      for (int n = 200; n > 0; n--) {
        fraction = a + n / fraction;
      }
      above = density(a) / fraction;
    }
    return x < 0 ? above : 1 - above;
  }

  private static void check(
      double units, double absolute, DoubleUnaryOperator exact, UnaryOperator<FloatVector> actual) {
    SplittableRandom random = new SplittableRandom(7);
    float[] x = new float[VectorMath.LANES];
    for (int sample = 0; sample < SAMPLES; sample += x.length) {
      for (int i = 0; i < x.length; i++) {
        double size =
            sample % 3 == 0 ? 13 : sample % 3 == 1 ? 2 : Math.exp(-20 * random.nextDouble());
        x[i] = (float) (size * random.nextDouble(-1, 1));
      }
      float[] y = actual.apply(FloatVector.fromArray(VectorMath.SPECIES, x, 0)).toArray();
      for (int i = 0; i < x.length; i++) {
        double expected = exact.applyAsDouble(x[i]);
        double error = Math.abs(y[i] - expected);
        double allowed = absolute + units * Math.ulp((float) expected);
        float where = x[i];
        float got = y[i];
        assertTrue(error <= allowed, () -> got + " at " + where + ", expected " + expected);
      }
    }
  }
}
