package dev.quern.optim;

/**
 * The ranges of hyper-parameters; NaN is in none of them. Kernels compute in F32: what would be 0,
 * 1 or infinity there, or lose digits, is refused.
 */
final class Ranges {
  static final double MAX_LOSS_SCALE = 0x1p126;

  private Ranges() {}

  static void finiteAtLeastZero(String name, double value) {
    require(value >= 0 && value < Double.POSITIVE_INFINITY, name, "finite and at least 0", value);
  }

  static void finiteAboveZero(String name, double value) {
    require(value > 0 && value < Double.POSITIVE_INFINITY, name, "finite and above 0", value);
  }

  /** At least 0, and not above what F32 can hold. */
  static void notAboveFloat(String name, double value) {
    finiteAtLeastZero(name, value);
    if (Float.isInfinite((float) value)) {
      throw new IllegalArgumentException(
          "%s is %s, but F32 holds at most %s; give no more than that."
              .formatted(name, value, Float.MAX_VALUE));
    }
  }

  /** 0, or a number that F32 holds with all its digits. */
  static void zeroOrFloat(String name, double value) {
    notAboveFloat(name, value);
    if (value != 0) {
      notBelowFloat(name, "0 or at least that", value);
    }
  }

  /** Above 0, with all its digits in F32 or above what F32 can hold. */
  static void boundOfFloats(String name, double value) {
    finiteAboveZero(name, value);
    notBelowFloat(name, "at least that", value);
  }

  private static void notBelowFloat(String name, String remedy, double value) {
    if (value < Float.MIN_NORMAL) {
      throw new IllegalArgumentException(
          "%s is %s, but F32 holds nothing between 0 and %s with all its digits; give %s."
              .formatted(name, value, Float.MIN_NORMAL, remedy));
    }
  }

  /** In [0, 1), and both it and what it leaves of 1 are so in F32. */
  static void decay(String name, double value) {
    require(value >= 0 && value < 1, name, "in [0, 1)", value);
    if ((float) value == 1) {
      throw new IllegalArgumentException(
          "%s is %s, which is 1 in F32, so that nothing would ever decay; give at most %s."
              .formatted(name, value, Math.nextDown(1f)));
    }
    if (value > 0 && (float) (1 - value) == 1) {
      throw new IllegalArgumentException(
          "%s is %s, which leaves 1 of 1 in F32, so that it would be 0; give 0 or at least %s."
              .formatted(name, value, Math.ulp(0.5f)));
    }
  }

  /** The product of a learning rate and what it scales overflows nowhere. */
  static void product(String names, double value) {
    if (Float.isInfinite((float) value)) {
      throw new IllegalArgumentException(
          "%s is %s, but F32 holds at most %s; give smaller ones."
              .formatted(names, value, Float.MAX_VALUE));
    }
  }

  static void lossScale(double scale) {
    lossScale(scale, 1, MAX_LOSS_SCALE);
  }

  static void lossScale(double scale, double min, double max) {
    String range = "at least " + min + " and at most " + max;
    require(scale >= min && scale <= max, "lossScale", range, scale);
  }

  static void require(boolean holds, String name, String range, double value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + range + ", got " + value + ".");
    }
  }
}
