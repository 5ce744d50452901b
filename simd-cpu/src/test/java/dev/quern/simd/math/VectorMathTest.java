package dev.quern.simd.math;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.reference.FloatMath;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;

/** The vector functions give the bits of their scalar twins. */
class VectorMathTest {
  /** Every exponent and sign, NaNs included, with mantissas a prime apart. */
  private static final int STEP = 65_521;

  @FunctionalInterface
  private interface Scalar {
    float apply(float x);
  }

  @Test
  void exp() {
    compare(FloatMath::expOfMinusAbs, VectorMath::expOfMinusAbs);
  }

  @Test
  void sigmoid() {
    compare(FloatMath::sigmoid, VectorMath::sigmoid);
  }

  @Test
  void softplus() {
    compare(FloatMath::softplus, x -> VectorMath.softplusFrom(x, VectorMath.expOfMinusAbs(x)));
  }

  @Test
  void log1pUnit() {
    compare(
        x -> FloatMath.log1pUnit(Math.abs(x % 1)),
        v -> {
          float[] lanes = v.toArray();
          for (int i = 0; i < lanes.length; i++) {
            lanes[i] = Math.abs(lanes[i] % 1);
          }
          return VectorMath.log1pUnit(FloatVector.fromArray(VectorMath.SPECIES, lanes, 0));
        });
  }

  @Test
  void expOfAnyNumber() {
    compare(FloatMath::exp, VectorMath::exp);
  }

  @Test
  void expOfModerateNumbers() {
    compare(
        x -> FloatMath.exp(moderate(x)),
        v -> {
          float[] lanes = v.toArray();
          for (int i = 0; i < lanes.length; i++) {
            lanes[i] = moderate(lanes[i]);
          }
          return VectorMath.expModerate(FloatVector.fromArray(VectorMath.SPECIES, lanes, 0));
        });
  }

  private static float moderate(float x) {
    return Math.abs(x) < 87 ? x : Float.isFinite(x) ? x % 87 : 0;
  }

  @Test
  void log() {
    compare(FloatMath::log, VectorMath::log);
  }

  @Test
  void log1p() {
    compare(FloatMath::log1p, VectorMath::log1p);
  }

  @Test
  void oneMinusExp() {
    compare(
        x -> FloatMath.oneMinusExp(Math.abs(x)),
        x -> VectorMath.oneMinusExp(x.abs(), VectorMath.exp(x.abs().neg())));
  }

  private static void compare(Scalar scalar, UnaryOperator<FloatVector> vector) {
    float[] x = new float[VectorMath.LANES];
    for (long bits = Integer.MIN_VALUE; bits <= Integer.MAX_VALUE; ) {
      for (int i = 0; i < x.length; i++, bits += STEP) {
        x[i] = Float.intBitsToFloat((int) Math.min(bits, Integer.MAX_VALUE));
      }
      float[] result = vector.apply(FloatVector.fromArray(VectorMath.SPECIES, x, 0)).toArray();
      for (int i = 0; i < x.length; i++) {
        float expected = scalar.apply(x[i]);
        assertEquals(
            Float.floatToIntBits(expected),
            Float.floatToIntBits(result[i]),
            () -> "at " + java.util.Arrays.toString(x));
      }
    }
  }
}
