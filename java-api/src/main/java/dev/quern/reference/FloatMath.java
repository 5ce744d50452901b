package dev.quern.reference;

import dev.quern.spi.host.JavaMachine;

/**
 * Elementary functions in f32: the scalar twin of {@code formulas/math.inc}, the same operations in
 * the same order, so that results agree to the bit with every backend.
 */
public final class FloatMath {
  private static final boolean FUSED = JavaMachine.hasFusedMultiplyAdd();

  /** The bits of a double below those that a float has, and half of the float's last bit. */
  private static final long BELOW_FLOAT = (1L << 29) - 1;

  private static final long HALF = 1L << 28;

  /** The bits of the least double that surely rounds to a float with all its digits. */
  private static final long NORMAL = Double.doubleToRawLongBits(2 * Float.MIN_NORMAL);

  private FloatMath() {}

  /**
   * Computes a * b + c, rounded once, where {@link Math#fma} would compute with big decimals too.
   *
   * @param a a factor
   * @param b a factor
   * @param c what is added to the product
   * @return {@code Math.fma(a, b, c)}, to the bit but for the bits of a NaN
   */
  public static float fma(float a, float b, float c) {
    return FUSED ? Math.fma(a, b, c) : fmaInDouble(a, b, c);
  }

  /**
   * The product of two floats is exact in double. Rounded to double first, the sum rounds to the
   * wrong float only from the middle between two, or where floats have fewer bits.
   */
  static float fmaInDouble(float a, float b, float c) {
    double product = (double) a * b;
    double sum = product + c;
    long bits = Double.doubleToRawLongBits(sum);
    boolean safe = (bits & BELOW_FLOAT) != HALF && (bits & Long.MAX_VALUE) >= NORMAL;
    return safe ? (float) sum : fromOdd(product, c, sum);
  }

  /** Rounds the sum to odd, which keeps what the second rounding needs to know (Boldo, 2008). */
  private static float fromOdd(double product, double c, double sum) {
    double added = sum - product;
    double error = (product - (sum - added)) + (c - added);
    long bits = Double.doubleToRawLongBits(sum);
    if ((error > 0 || error < 0) && (bits & 1) == 0) {
      return (float) Double.longBitsToDouble(error > 0 == sum > 0 ? bits + 1 : bits - 1);
    }
    return (float) sum;
  }

  /**
   * Computes e^x; relative error below 1.5e-7.
   *
   * @param x the exponent
   * @return e^x; 0 below -104, infinity above 88.73, NaN for NaN
   */
  public static float exp(float x) {
    float clamped = x < -104.0f ? -104.0f : x;
    clamped = clamped > 89.0f ? 89.0f : clamped;
    // adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits
    float shifted = fma(clamped, 1.442695f, 12582912.0f);
    int n = Float.floatToRawIntBits(shifted) - 0x4B400000;
    float whole = shifted - 12582912.0f;
    // exact, the product too, so that it may be rounded by itself
    float r = clamped - whole * 0x1.63p-1f;
    r = fma(whole, 2.1219444e-4f, r);
    float p = 0.0013927685f;
    p = fma(p, r, 0.00836438f);
    p = fma(p, r, 0.041666545f);
    p = fma(p, r, 0.1666657f);
    p = fma(p, r, 0.5f);
    p = fma(r * r, p, r) + 1.0f;
    int half = n >> 1;
    float low = Float.intBitsToFloat((half + 127) << 23);
    float high = Float.intBitsToFloat((n - half + 127) << 23);
    return p * low * high;
  }

  /**
   * Computes ln(1 + e) for e in [0, 1].
   *
   * @param e the argument; outside [0, 1] the result is meaningless
   * @return ln(1 + e), relative error below 1.2e-7; NaN for NaN
   */
  public static float log1pUnit(float e) {
    float p = -0.003176057f;
    p = fma(p, e, 0.019542526f);
    p = fma(p, e, -0.05637361f);
    p = fma(p, e, 0.105436236f);
    p = fma(p, e, -0.15269667f);
    p = fma(p, e, 0.19663274f);
    p = fma(p, e, -0.24951616f);
    p = fma(p, e, 0.3332971f);
    p = fma(p, e, -0.49999893f);
    return fma(e * e, p, e);
  }

  /**
   * Computes e^-|x|.
   *
   * @param x the argument
   * @return e^-|x|, from which sigmoid, softplus and their derivatives follow without overflow
   */
  public static float expOfMinusAbs(float x) {
    return exp(x < 0.0f ? x : -x);
  }

  /**
   * Computes the sigmoid from its parts.
   *
   * @param x the argument
   * @param e {@link #expOfMinusAbs} of it
   * @param inverse 1 / (1 + e)
   * @return 1 / (1 + e^-x)
   */
  public static float sigmoidFrom(float x, float e, float inverse) {
    return x < 0.0f ? e * inverse : inverse;
  }

  /**
   * Computes the logistic function.
   *
   * @param x the argument
   * @return 1 / (1 + e^-x)
   */
  public static float sigmoid(float x) {
    float e = expOfMinusAbs(x);
    return sigmoidFrom(x, e, 1.0f / (1.0f + e));
  }

  /**
   * Computes ln(1 + e^x) without overflow.
   *
   * @param x the argument
   * @return ln(1 + e^x)
   */
  public static float softplus(float x) {
    return (x < 0.0f ? 0.0f : x) + log1pUnit(expOfMinusAbs(x));
  }

  /**
   * Computes the natural logarithm.
   *
   * @param x the argument
   * @return ln(x), relative error below 1.5e-7 but near 1; -infinity for 0, NaN for negative
   *     numbers and NaN
   */
  public static float log(float x) {
    boolean tiny = x < Float.MIN_NORMAL;
    int bits = Float.floatToRawIntBits(tiny ? x * 33554432.0f : x);
    int n = (bits - 0x3f3504f3) >> 23;
    float f = Float.intBitsToFloat(bits - n * 8388608) - 1.0f;
    float s = f / (2.0f + f);
    float z = s * s;
    float p = fma(fma(0.29580998f, z, 0.3998875f), z, 0.66666687f);
    float scale = tiny ? n - 25 : n;
    float small = fma(scale, -2.1219444e-4f, fma(s, fma(z, p, -f), f));
    float y = fma(scale, 0x1.63p-1f, small);
    y = x > Float.MAX_VALUE ? x : y;
    return x > 0.0f ? y : (x == 0.0f ? Float.NEGATIVE_INFINITY : Float.NaN);
  }

  /**
   * Computes ln(1 + x) for x above -1.
   *
   * @param x the argument
   * @return ln(1 + x), also where 1 + x rounds to 1
   */
  public static float log1p(float x) {
    float u = 1.0f + x;
    float y = log(u);
    return u > 0.0f && u <= Float.MAX_VALUE ? y + (x - (u - 1.0f)) / u : y;
  }

  /**
   * Computes 1 - e^-x for x at or above 0.
   *
   * @param x the argument
   * @return 1 - e^-x, without cancellation for small x
   */
  public static float oneMinusExp(float x) {
    float p = fma(x, -0.008333334f, 0.041666668f);
    p = fma(p, -x, 0.16666667f);
    p = fma(p, -x, 0.5f);
    p = fma(p * x, -x, x);
    return x < 0.125f ? p : 1.0f - exp(-x);
  }
}
