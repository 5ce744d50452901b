package dev.quern.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class FloatMathTest {
  @Test
  void expIsWithinTwoUlps() {
    for (float x = -87.3f; x < 88.7f; x += 0.0037f) {
      double exact = StrictMath.exp(x);
      assertEquals(exact, FloatMath.exp(x), 1.5e-7 * exact, "x = " + x);
    }
  }

  @Test
  void expRoundsOnceBelowTheNormalRange() {
    for (float x = -103.9f; x < -87.3f; x += 0.01f) {
      assertEquals(StrictMath.exp(x), FloatMath.exp(x), Float.MIN_VALUE, "x = " + x);
    }
  }

  @Test
  void expAtTheEnds() {
    assertEquals(0f, FloatMath.exp(-104f));
    assertEquals(0f, FloatMath.exp(Float.NEGATIVE_INFINITY));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.exp(89f));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.exp(Float.POSITIVE_INFINITY));
    assertEquals(1f, FloatMath.exp(0f));
    assertTrue(Float.isNaN(FloatMath.exp(Float.NaN)));
  }

  @Test
  void log1pUnitIsWithinTwoUlps() {
    for (float e = 1e-30f; e <= 1; e = e < 1e-4f ? e * 1.01f : e + 1e-5f) {
      double exact = StrictMath.log1p(e);
      assertEquals(exact, FloatMath.log1pUnit(e), 1.3e-7 * exact, "e = " + e);
    }
    assertEquals(0f, FloatMath.log1pUnit(0f));
  }

  @Test
  void logIsWithinTwoUlps() {
    for (int bits = 1; bits > 0 && bits < 0x7f800000; bits += 15373) {
      float x = Float.intBitsToFloat(bits);
      double exact = StrictMath.log(x);
      assertEquals(exact, FloatMath.log(x), 1.2e-7 * Math.abs(exact), "x = " + x);
    }
    for (float x = 0.5f; x < 2; x += 3e-5f) {
      double exact = StrictMath.log(x);
      assertEquals(exact, FloatMath.log(x), 1.2e-7 * Math.abs(exact), "x = " + x);
    }
    assertEquals(Float.NEGATIVE_INFINITY, FloatMath.log(0f));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.log(Float.POSITIVE_INFINITY));
    assertTrue(Float.isNaN(FloatMath.log(-1f)));
    assertTrue(Float.isNaN(FloatMath.log(Float.NaN)));
  }

  @Test
  void log1pKeepsSmallArguments() {
    for (float x = 1e-30f; x < 0.999f; x *= 1.01f) {
      for (float signed : new float[] {x, -x}) {
        double exact = StrictMath.log1p(signed);
        assertEquals(exact, FloatMath.log1p(signed), 2e-7 * Math.abs(exact), "x = " + signed);
      }
    }
    assertEquals(Float.NEGATIVE_INFINITY, FloatMath.log1p(-1f));
    assertEquals(Float.POSITIVE_INFINITY, FloatMath.log1p(Float.POSITIVE_INFINITY));
  }

  @Test
  void oneMinusExpDoesNotCancel() {
    for (float x = 1e-30f; x < 100; x *= 1.01f) {
      double exact = -StrictMath.expm1(-x);
      assertEquals(exact, FloatMath.oneMinusExp(x), 4e-7 * exact, "x = " + x);
    }
    assertEquals(0f, FloatMath.oneMinusExp(0f));
  }

  @Test
  void sigmoidAndSoftplusSaturate() {
    for (float x : new float[] {1e4f, Float.POSITIVE_INFINITY}) {
      assertEquals(1f, FloatMath.sigmoid(x));
      assertEquals(0f, FloatMath.sigmoid(-x));
      assertEquals(x, FloatMath.softplus(x));
      assertEquals(0f, FloatMath.softplus(-x));
    }
    assertTrue(Float.isNaN(FloatMath.sigmoid(Float.NaN)));
    assertTrue(Float.isNaN(FloatMath.softplus(Float.NaN)));
  }
}
