package dev.quern.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
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

  @Test
  void aMultiplyAddInSoftwareHasTheSameBits() {
    float[] special = {
      0f,
      -0f,
      1f,
      -1f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MIN_NORMAL,
      1.1754942e-38f,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      3f,
      1.0000001f,
      0.99999994f,
      16777216f,
      1e-30f,
      -1e-20f
    };
    for (float a : special) {
      for (float b : special) {
        for (float c : special) {
          assertSameFma(a, b, c);
        }
      }
    }
    long seed = 20261130;
    System.out.println("FloatMathTest: seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 3_000_000; i++) {
      float a = Float.intBitsToFloat(random.nextInt());
      float b = Float.intBitsToFloat(random.nextInt());
      float c = Float.intBitsToFloat(random.nextInt());
      assertSameFma(a, b, c);
      // near the middle between two floats
      float product = a * b;
      assertSameFma(a, b, -product);
      assertSameFma(a, b, Math.ulp(product) * 0.5f - product);
      assertSameFma(a, b, product * 16777216f);
      assertSameFma(0x1.000002p0f * a, 0x1.fffffep-1f, Math.ulp(a) * 0.5f);
      assertSameFma(random.nextInt(1 << 12), 0x1p-149f, Float.MIN_NORMAL * random.nextFloat());
      assertSameFma(random.nextFloat() * 0x1p-75f, random.nextFloat() * 0x1p-74f, 0x1p-149f);
    }
  }

  private static void assertSameFma(float a, float b, float c) {
    float expected = Math.fma(a, b, c);
    float actual = FloatMath.fmaInDouble(a, b, c);
    if (Float.floatToIntBits(expected) != Float.floatToIntBits(actual)) {
      throw new AssertionError(
          "fma(%a, %a, %a) is %a, but was %a".formatted(a, b, c, expected, actual));
    }
  }
}
