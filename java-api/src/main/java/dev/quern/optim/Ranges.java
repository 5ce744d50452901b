package dev.quern.optim;

/** The ranges of hyper-parameters; NaN is in none of them. */
final class Ranges {
  private Ranges() {}

  static void finiteAtLeastZero(String name, double value) {
    require(value >= 0 && value < Double.POSITIVE_INFINITY, name, "finite and at least 0", value);
  }

  static void finiteAboveZero(String name, double value) {
    require(value > 0 && value < Double.POSITIVE_INFINITY, name, "finite and above 0", value);
  }

  static void decay(String name, double value) {
    require(value >= 0 && value < 1, name, "in [0, 1)", value);
  }

  static void lossScale(double scale) {
    require(scale >= 1 && scale <= 0x1p126, "lossScale", "at least 1 and at most 2^126", scale);
  }

  static void require(boolean holds, String name, String range, double value) {
    if (!holds) {
      throw new IllegalArgumentException(name + " must be " + range + ", got " + value + ".");
    }
  }
}
