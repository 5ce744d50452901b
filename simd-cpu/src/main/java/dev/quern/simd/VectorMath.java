package dev.quern.simd;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions in f32 vectors: the vector twin of {@code formulas/math.inc}, the same
 * operations in the same order, so that every lane agrees with the scalar twin to the bit.
 */
final class VectorMath {
  /** The widest vectors of this machine. */
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** The int vectors of that width. */
  static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);

  /** Lanes of {@link #SPECIES}: 4, 8 or 16. */
  static final int LANES = SPECIES.length();

  // constants are vectors, not scalars: each broadcast inlined into a loop costs the compiler
  // nodes,
  // and past its limit it stops inlining silently (sums with cross-entropy: 1.4 against 0.6 ns)

  /** 1 in every lane. */
  static final FloatVector ONE = constant(1.0f);

  /** 0 in every lane. */
  static final FloatVector ZERO = constant(0.0f);

  /** 1/2 in every lane. */
  static final FloatVector HALF = constant(0.5f);

  private static final FloatVector LEAST = constant(-104.0f);
  private static final FloatVector LOG2_E = constant(1.442695f);
  private static final FloatVector MAGIC = constant(12582912.0f);
  private static final FloatVector LN2_HIGH = constant(-0x1.63p-1f);
  private static final FloatVector LN2_LOW = constant(2.1219444e-4f);
  private static final FloatVector E6 = constant(0.0013927685f);
  private static final FloatVector E5 = constant(0.00836438f);
  private static final FloatVector E4 = constant(0.041666545f);
  private static final FloatVector E3 = constant(0.1666657f);
  private static final FloatVector L10 = constant(-0.003176057f);
  private static final FloatVector L9 = constant(0.019542526f);
  private static final FloatVector L8 = constant(-0.05637361f);
  private static final FloatVector L7 = constant(0.105436236f);
  private static final FloatVector L6 = constant(-0.15269667f);
  private static final FloatVector L5 = constant(0.19663274f);
  private static final FloatVector L4 = constant(-0.24951616f);
  private static final FloatVector L3 = constant(0.3332971f);
  private static final FloatVector L2 = constant(-0.49999893f);
  private static final IntVector SIGN = IntVector.broadcast(INTS, 0x80000000);
  private static final IntVector MAGIC_BITS = IntVector.broadcast(INTS, 0x4B400000);
  private static final IntVector BIAS = IntVector.broadcast(INTS, 127);

  private VectorMath() {}

  /** e^x for x at most 0 or NaN: the upper clamp of the general function cannot act there. */
  static FloatVector expNonPositive(FloatVector x) {
    FloatVector clamped = x.blend(LEAST, x.compare(VectorOperators.LT, LEAST));
    FloatVector shifted = clamped.fma(LOG2_E, MAGIC);
    FloatVector whole = shifted.sub(MAGIC);
    FloatVector r = whole.fma(LN2_LOW, whole.fma(LN2_HIGH, clamped));
    FloatVector p = E6.fma(r, E5).fma(r, E4).fma(r, E3).fma(r, HALF);
    p = r.mul(r).fma(p, r).add(ONE);
    IntVector n = shifted.reinterpretAsInts().sub(MAGIC_BITS);
    IntVector half = n.lanewise(VectorOperators.ASHR, 1);
    return p.mul(power(half)).mul(power(n.sub(half)));
  }

  /** 2^n for n from -126 to 127. */
  private static FloatVector power(IntVector n) {
    return n.add(BIAS).lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }

  /** ln(1 + e) for e in [0, 1]. */
  static FloatVector log1pUnit(FloatVector e) {
    FloatVector p = L10.fma(e, L9).fma(e, L8).fma(e, L7).fma(e, L6);
    p = p.fma(e, L5).fma(e, L4).fma(e, L3).fma(e, L2);
    return e.mul(e).fma(p, e);
  }

  /** e^-|x|. */
  static FloatVector expOfMinusAbs(FloatVector x) {
    return expNonPositive(x.reinterpretAsInts().or(SIGN).reinterpretAsFloats());
  }

  /** 1 / (1 + e). */
  static FloatVector inverseOf1Plus(FloatVector e) {
    return ONE.div(e.add(ONE));
  }

  /** 1 / (1 + e^-x) from e = e^-|x|, inverse = 1 / (1 + e) and the lanes where x is negative. */
  static FloatVector sigmoidFrom(VectorMask<Float> negative, FloatVector e, FloatVector inverse) {
    return inverse.lanewise(VectorOperators.MUL, e, negative);
  }

  /** 1 / (1 + e^-x). */
  static FloatVector sigmoid(FloatVector x) {
    FloatVector e = expOfMinusAbs(x);
    return sigmoidFrom(x.compare(VectorOperators.LT, ZERO), e, inverseOf1Plus(e));
  }

  /** ln(1 + e^x) without overflow. */
  static FloatVector softplus(FloatVector x) {
    // NaN comes through the logarithm only: which of two NaNs a sum returns is not defined
    FloatVector positive = ZERO.blend(x, x.compare(VectorOperators.GT, ZERO));
    return positive.add(log1pUnit(expOfMinusAbs(x)));
  }

  private static FloatVector constant(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }
}
