package dev.quern.schedule;

/** The check that both schedules make of a base learning rate. */
final class LearningRates {

  private LearningRates() {}

  static void checkBase(double baseLr) {
    if (!(baseLr >= 0 && baseLr < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "A base learning rate must be finite and not negative, but is " + baseLr + ".");
    }
  }
}
