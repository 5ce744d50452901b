package dev.quern.reference.element;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class ErfTest {
  /** Places and values computed with 30 digits (mpmath). */
  private static final double[][] VALUES = {
    {-5.5, 1.9999999999999927},
    {-3, 1.9999779095030015},
    {-1, 1.8427007929497148},
    {-0.3, 1.3286267594591274},
    {0, 1},
    {0.2, 0.7772974107895215},
    {0.46875, 0.507386526782062},
    {0.5, 0.4795001221869535},
    {1, 0.15729920705028513},
    {2.5, 0.0004069520174449589},
    {4, 1.541725790028002e-08},
    {4.1, 6.700027654084918e-09},
    {6, 2.1519736712498913e-17},
    {10, 2.088487583762545e-45},
    {20, 5.395865611607901e-176},
    {26, 5.663192408856143e-296}
  };

  @Test
  void hasFifteenDigits() {
    for (double[] value : VALUES) {
      assertEquals(value[1], Erf.complement(value[0]), 1e-15 * value[1], "erfc of " + value[0]);
    }
  }

  @Test
  void goesToItsLimits() {
    assertEquals(0, Erf.complement(Double.POSITIVE_INFINITY));
    assertEquals(2, Erf.complement(Double.NEGATIVE_INFINITY));
    assertEquals(Double.NaN, Erf.complement(Double.NaN));
  }
}
