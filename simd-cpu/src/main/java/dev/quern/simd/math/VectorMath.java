package dev.quern.simd.math;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Elementary functions in f32 vectors: the vector twin of {@code formulas/math.inc}, the same
 * operations in the same order, so that every lane agrees with the scalar twin to the bit.
 */
public final class VectorMath {
  /** The widest vectors of this machine. */
  public static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** The int vectors of that width. */
  public static final VectorSpecies<Integer> INTS = SPECIES.withLanes(int.class);

  /** Lanes of {@link #SPECIES}: 4, 8 or 16. */
  public static final int LANES = SPECIES.length();

  private VectorMath() {}

  /** The same number in every lane: a constant that the compiler keeps in a register. */
  public static FloatVector lanes(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }

  private static IntVector lanes(int value) {
    return IntVector.broadcast(INTS, value);
  }

  /** e^x for x at most 0 or NaN: the upper clamp of the general function cannot act there. */
  public static FloatVector expNonPositive(FloatVector x) {
    FloatVector least = lanes(-104.0f);
    FloatVector clamped = x.blend(least, x.compare(VectorOperators.LT, least));
    FloatVector shifted = clamped.fma(lanes(1.442695f), lanes(12582912.0f));
    FloatVector whole = shifted.sub(lanes(12582912.0f));
    FloatVector r = whole.fma(lanes(-0x1.63p-1f), clamped);
    r = whole.fma(lanes(2.1219444e-4f), r);
    FloatVector p = lanes(0.0013927685f).fma(r, lanes(0.00836438f));
    p = p.fma(r, lanes(0.041666545f)).fma(r, lanes(0.1666657f)).fma(r, lanes(0.5f));
    p = r.mul(r).fma(p, r).add(lanes(1.0f));
    // with n + 254 for n, half of it and the rest are the exponents of the two factors, bias and
    // all
    IntVector biased = shifted.reinterpretAsInts().sub(lanes(0x4B400000 - 254));
    IntVector half = biased.lanewise(VectorOperators.ASHR, 1);
    return p.mul(power(half)).mul(power(biased.sub(half)));
  }

  private static FloatVector power(IntVector exponent) {
    return exponent.lanewise(VectorOperators.LSHL, 23).reinterpretAsFloats();
  }

  /** e^x for |x| below 87, where n fits into the exponent of the polynomial: the same bits. */
  public static FloatVector expModerate(FloatVector x) {
    FloatVector shifted = x.fma(lanes(1.442695f), lanes(12582912.0f));
    FloatVector whole = shifted.sub(lanes(12582912.0f));
    FloatVector r = whole.fma(lanes(-0x1.63p-1f), x);
    r = whole.fma(lanes(2.1219444e-4f), r);
    FloatVector p = lanes(0.0013927685f).fma(r, lanes(0.00836438f));
    p = p.fma(r, lanes(0.041666545f)).fma(r, lanes(0.1666657f)).fma(r, lanes(0.5f));
    p = r.mul(r).fma(p, r).add(lanes(1.0f));
    // the shift moves out the bits of 12582912 and leaves n
    IntVector n = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23);
    return p.reinterpretAsInts().add(n).reinterpretAsFloats();
  }

  /** e^x. */
  public static FloatVector exp(FloatVector x) {
    FloatVector most = lanes(89.0f);
    FloatVector least = lanes(-104.0f);
    FloatVector clamped = x.blend(least, x.compare(VectorOperators.LT, least));
    clamped = clamped.blend(most, clamped.compare(VectorOperators.GT, most));
    FloatVector shifted = clamped.fma(lanes(1.442695f), lanes(12582912.0f));
    FloatVector whole = shifted.sub(lanes(12582912.0f));
    FloatVector r = whole.fma(lanes(-0x1.63p-1f), clamped);
    r = whole.fma(lanes(2.1219444e-4f), r);
    FloatVector p = lanes(0.0013927685f).fma(r, lanes(0.00836438f));
    p = p.fma(r, lanes(0.041666545f)).fma(r, lanes(0.1666657f)).fma(r, lanes(0.5f));
    p = r.mul(r).fma(p, r).add(lanes(1.0f));
    IntVector n = shifted.reinterpretAsInts().sub(lanes(0x4B400000));
    IntVector half = n.lanewise(VectorOperators.ASHR, 1);
    return p.mul(power(half.add(lanes(127)))).mul(power(n.sub(half).add(lanes(127))));
  }

  /** ln(x); -infinity for 0, NaN for negative numbers and NaN. */
  public static FloatVector log(FloatVector x) {
    VectorMask<Float> tiny = x.compare(VectorOperators.LT, lanes(Float.MIN_NORMAL));
    IntVector bits = x.lanewise(VectorOperators.MUL, lanes(33554432.0f), tiny).reinterpretAsInts();
    IntVector n = bits.sub(lanes(0x3f3504f3)).lanewise(VectorOperators.ASHR, 23);
    FloatVector f =
        bits.sub(n.lanewise(VectorOperators.LSHL, 23)).reinterpretAsFloats().sub(lanes(1.0f));
    FloatVector s = f.div(f.add(lanes(2.0f)));
    FloatVector z = s.mul(s);
    FloatVector p = lanes(0.29580998f).fma(z, lanes(0.3998875f));
    p = p.fma(z, lanes(0.66666687f));
    FloatVector scale = (FloatVector) n.convert(VectorOperators.I2F, 0);
    scale = scale.lanewise(VectorOperators.SUB, lanes(25.0f), tiny);
    FloatVector small = scale.fma(lanes(-2.1219444e-4f), s.fma(z.fma(p, f.neg()), f));
    FloatVector y = scale.fma(lanes(0x1.63p-1f), small);
    y = y.blend(x, x.compare(VectorOperators.GT, lanes(3.4028235e38f)));
    y = y.blend(lanes(Float.NEGATIVE_INFINITY), x.compare(VectorOperators.EQ, lanes(0.0f)));
    return lanes(Float.NaN).blend(y, x.compare(VectorOperators.GE, lanes(0.0f)));
  }

  /** ln(1 + x) for x above -1. */
  public static FloatVector log1p(FloatVector x) {
    FloatVector u = x.add(lanes(1.0f));
    FloatVector y = log(u);
    FloatVector better = x.sub(u.sub(lanes(1.0f))).div(u).add(y);
    VectorMask<Float> finite = u.compare(VectorOperators.LE, lanes(3.4028235e38f));
    return y.blend(better, finite.and(u.compare(VectorOperators.GT, lanes(0.0f))));
  }

  /** 1 - e^-x for x at or above 0 from x and e^-x. */
  public static FloatVector oneMinusExp(FloatVector x, FloatVector exp) {
    FloatVector minus = x.neg();
    FloatVector p = x.fma(lanes(-0.008333334f), lanes(0.041666668f));
    p = p.fma(minus, lanes(0.16666667f)).fma(minus, lanes(0.5f));
    p = p.mul(x).fma(minus, x);
    return lanes(1.0f).sub(exp).blend(p, x.compare(VectorOperators.LT, lanes(0.125f)));
  }

  /** ln(1 + e) for e in [0, 1]. */
  public static FloatVector log1pUnit(FloatVector e) {
    FloatVector p = lanes(-0.003176057f).fma(e, lanes(0.019542526f));
    p = p.fma(e, lanes(-0.05637361f)).fma(e, lanes(0.105436236f));
    p = p.fma(e, lanes(-0.15269667f)).fma(e, lanes(0.19663274f));
    p = p.fma(e, lanes(-0.24951616f)).fma(e, lanes(0.3332971f));
    p = p.fma(e, lanes(-0.49999893f));
    return e.mul(e).fma(p, e);
  }

  /** e^-|x|. */
  public static FloatVector expOfMinusAbs(FloatVector x) {
    return expNonPositive(x.reinterpretAsInts().or(lanes(0x80000000)).reinterpretAsFloats());
  }

  /** 1 / (1 + e). */
  public static FloatVector inverseOf1Plus(FloatVector e) {
    return lanes(1.0f).div(e.add(lanes(1.0f)));
  }

  /** 1 / (1 + e^-x) from e = e^-|x|, inverse = 1 / (1 + e) and the lanes where x is negative. */
  public static FloatVector sigmoidFrom(
      VectorMask<Float> negative, FloatVector e, FloatVector inverse) {
    return inverse.lanewise(VectorOperators.MUL, e, negative);
  }

  /** 1 / (1 + e^-x). */
  public static FloatVector sigmoid(FloatVector x) {
    FloatVector e = expOfMinusAbs(x);
    return sigmoidFrom(x.compare(VectorOperators.LT, lanes(0.0f)), e, inverseOf1Plus(e));
  }

  /** ln(1 + e^x) without overflow, from e = e^-|x|. */
  public static FloatVector softplusFrom(FloatVector x, FloatVector e) {
    // NaN comes through the logarithm only: which of two NaNs a sum returns is not defined
    FloatVector positive = lanes(0.0f).blend(x, x.compare(VectorOperators.GT, lanes(0.0f)));
    return positive.add(log1pUnit(e));
  }
}
