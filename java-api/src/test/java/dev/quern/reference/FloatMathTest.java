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
