package dev.quern.schedule;

/** The checks that schedules make. */
final class LearningRates {

  private LearningRates() {}

  static void checkBase(double baseLr) {
    if (!(baseLr >= 0 && baseLr < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "A base learning rate must be finite and not negative, but is " + baseLr + ".");
    }
  }

  static void check(long step, double baseLr) {
    if (step < 0) {
      throw new IllegalArgumentException(
          "The number of steps must be at least 0, but is " + step + ".");
    }
    checkBase(baseLr);
  }

  static void atLeastOne(String name, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, but is " + value + ".");
    }
  }

  static void finiteAboveZero(String name, double value) {
    if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + " must be finite and above 0, but is " + value + ".");
    }
  }

  static void finiteNotNegative(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          name + " must be finite and not negative, but is " + value + ".");
    }
  }
}
