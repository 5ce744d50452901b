package dev.quern.simd.math;

import static dev.quern.simd.math.VectorMath.lanes;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Activation functions and their slopes, each from x and an exponential of x: both in one loop are
 * more than the compiler inlines. The formulas of the GPUs have the same coefficients and order.
 *
 * <ul>
 *   <li>tanh x = x + x^3 P(x^2) below 5/8, with the polynomial of Moshier's Cephes library (tanhf);
 *       beyond, 1 - 2 e / (1 + e) with e = e^-2|x|. 2 units in the last place.
 *   <li>GELU is x Phi(x). Phi(-a) = e^(-a^2/2) N(a) / D(a), with polynomials of degree 4 and 5 that
 *       were fitted to Mills' ratio for a in [0, 14.6] (weighted least squares at Chebyshev nodes,
 *       relative error 6.0e-9); all their terms are positive, so nothing cancels. a^2 is squared
 *       with its rounding error, or the exponential would lose six digits. 6 units in the last
 *       place, also of small results, where 1 + erf has none left.
 *   <li>SiLU is x / (1 + e^-x), from e = e^-|x|. 4 units in the last place.
 *   <li>Slopes have the same relative error but near their zeros, where it is an absolute one of 2
 *       units of 1.
 * </ul>
 */
public final class Activations {
  private Activations() {}

  private static VectorMask<Float> negative(FloatVector x) {
    return x.compare(VectorOperators.LT, lanes(0.0f));
  }

  private static FloatVector minusAbs(FloatVector x) {
    IntVector sign = IntVector.broadcast(VectorMath.INTS, 0x80000000);
    return x.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /** e^-2|x|. */
  public static FloatVector expOfMinusTwiceAbs(FloatVector x) {
    return VectorMath.expNonPositive(minusAbs(x).mul(lanes(2.0f)));
  }

  /** tanh(x), from e = e^-2|x|: of the magnitude, with the sign of x, of 0 too. */
  public static FloatVector tanh(FloatVector x, FloatVector e) {
    FloatVector a = x.abs();
    FloatVector z = a.mul(a);
    FloatVector p = lanes(-0.005704987f).fma(z, lanes(0.020639088f));
    p = p.fma(z, lanes(-0.053739715f)).fma(z, lanes(0.13331442f)).fma(z, lanes(-0.3333328f));
    p = p.mul(z).fma(a, a);
    FloatVector large = e.mul(lanes(-2.0f)).fma(VectorMath.inverseOf1Plus(e), lanes(1.0f));
    FloatVector y = large.blend(p, a.compare(VectorOperators.LT, lanes(0.625f)));
    IntVector sign = x.reinterpretAsInts().and(IntVector.broadcast(VectorMath.INTS, 0x80000000));
    return y.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }

  /** The slope of tanh, from e = e^-2|x|. */
  public static FloatVector tanhSlope(FloatVector e) {
    FloatVector inverse = VectorMath.inverseOf1Plus(e);
    return e.mul(lanes(4.0f)).mul(inverse).mul(inverse);
  }

  /** The magnitude, at most 16: beyond 14.6 the normal density is 0. NaN stays. */
  private static FloatVector magnitude(FloatVector x) {
    FloatVector a = x.abs();
    return a.blend(lanes(16.0f), a.compare(VectorOperators.GT, lanes(16.0f)));
  }

  /** e^(-x^2/2). */
  public static FloatVector expOfMinusHalfSquare(FloatVector x) {
    FloatVector a = magnitude(x);
    FloatVector square = a.mul(a);
    FloatVector rest = a.fma(a, square.neg());
    FloatVector e = VectorMath.expNonPositive(square.mul(lanes(-0.5f)));
    return rest.mul(lanes(-0.5f)).fma(e, e);
  }

  /** Phi(-a) / e^(-a^2/2). */
  private static FloatVector mills(FloatVector a) {
    FloatVector n = lanes(0.004123843f).fma(a, lanes(0.040683866f));
    n = n.fma(a, lanes(0.18338516f)).fma(a, lanes(0.43849716f)).fma(a, lanes(0.5f));
    FloatVector d = lanes(0.010336823f).fma(a, lanes(0.1019857f)).fma(a, lanes(0.46986675f));
    d = d.fma(a, lanes(1.2031258f)).fma(a, lanes(1.6748793f)).fma(a, lanes(1.0f));
    return n.div(d);
  }

  /** x Phi(x), from e = e^(-x^2/2). */
  public static FloatVector gelu(FloatVector x, FloatVector e) {
    FloatVector tail = e.mul(mills(magnitude(x)));
    return lanes(1.0f).sub(tail).blend(tail, negative(x)).mul(x);
  }

  /** Phi(x) + x phi(x), from e = e^(-x^2/2); NaN for infinite x. */
  public static FloatVector geluSlope(FloatVector x, FloatVector e) {
    FloatVector tail = e.mul(x.abs().fma(lanes(-0.3989423f), mills(magnitude(x))));
    return lanes(1.0f).sub(tail).blend(tail, negative(x));
  }

  /** x / (1 + e^-x), from e = e^-|x|. */
  public static FloatVector silu(FloatVector x, FloatVector e) {
    return VectorMath.sigmoidFrom(negative(x), e, VectorMath.inverseOf1Plus(e)).mul(x);
  }

  /** The slope of SiLU, s (1 + x (1 - s)) with s = 1 / (1 + e^-x), from e = e^-|x|. */
  public static FloatVector siluSlope(FloatVector x, FloatVector e) {
    FloatVector inverse = VectorMath.inverseOf1Plus(e);
    FloatVector small = e.mul(inverse);
    VectorMask<Float> negative = negative(x);
    FloatVector rest = small.blend(inverse, negative);
    return rest.fma(x, lanes(1.0f)).mul(inverse.blend(small, negative));
  }

  /** The slope of 1 / (1 + e^-x), from e = e^-|x|. */
  public static FloatVector sigmoidSlope(FloatVector e) {
    FloatVector inverse = VectorMath.inverseOf1Plus(e);
    return e.mul(inverse).mul(inverse);
  }
}
