package dev.quern.reference.element;

/**
 * The complementary error function in double, relative error below 1e-15 where it does not
 * underflow: the rational approximations of W. J. Cody, Rational Chebyshev approximations for the
 * error function, Mathematics of Computation 23, 1969, with the coefficients of his CALERF.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // the digits as they were published
final class Erf {
  private static final double[] A = {
    1.85777706184603153e-1,
    3.16112374387056560e0,
    1.13864154151050156e2,
    3.77485237685302021e2,
    3.20937758913846947e3
  };

  private static final double[] B = {
    1, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3, 2.84423683343917062e3
  };

  private static final double[] C = {
    2.15311535474403846e-8,
    5.64188496988670089e-1,
    8.88314979438837594e0,
    6.61191906371416295e1,
    2.98635138197400131e2,
    8.81952221241769090e2,
    1.71204761263407058e3,
    2.05107837782607147e3,
    1.23033935479799725e3
  };

  private static final double[] D = {
    1,
    1.57449261107098347e1,
    1.17693950891312499e2,
    5.37181101862009858e2,
    1.62138957456669019e3,
    3.29079923573345963e3,
    4.36261909014324716e3,
    3.43936767414372164e3,
    1.23033935480374942e3
  };

  private static final double[] P = {
    1.63153871373020978e-2,
    3.05326634961232344e-1,
    3.60344899949804439e-1,
    1.25781726111229246e-1,
    1.60837851487422766e-2,
    6.58749161529837803e-4
  };

  private static final double[] Q = {
    1,
    2.56852019228982242e0,
    1.87295284992346047e0,
    5.27905102951428412e-1,
    6.05183413124413191e-2,
    2.33520497626869185e-3
  };

  private static final double INVERSE_ROOT_PI = 5.6418958354775628695e-1;

  private Erf() {}

  /** 1 - erf(x); NaN for NaN. */
  static double complement(double x) {
    double y = Math.abs(x);
    if (y <= 0.46875) {
      return 1 - x * ratio(A, B, y * y);
    }
    double tail;
    if (y <= 4) {
      tail = ratio(C, D, y);
    } else {
      double z = 1 / (y * y);
      tail = (INVERSE_ROOT_PI - z * ratio(P, Q, z)) / y;
    }
    tail *= gaussian(y);
    return x < 0 ? 2 - tail : tail;
  }

  /** e^(-y^2), the square exact in its high part; 0 for infinity. */
  private static double gaussian(double y) {
    if (y > 27) {
      return 0;
    }
    double high = Math.floor(y * 16) / 16;
    double low = (y - high) * (y + high);
    return StrictMath.exp(-high * high) * StrictMath.exp(-low);
  }

  private static double ratio(double[] numerator, double[] denominator, double x) {
    return polynomial(numerator, x) / polynomial(denominator, x);
  }

  private static double polynomial(double[] coefficients, double x) {
    double sum = 0;
    for (double coefficient : coefficients) {
      sum = sum * x + coefficient;
    }
    return sum;
  }
}
