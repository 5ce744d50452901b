package dev.quern.bench.definition;

/** The tolerances of random cases; fixed. */
final class Tolerances {
  /** Of a gradient, as a part of the array's largest element. */
  static final double GRADIENT = 1e-5;

  /** Of a value, as a part of it. */
  static final double VALUE = 1e-6;

  /** Of a value, as a part of the absolute values that it is the sum of. */
  static final double TERMS = 1e-7;

  /** Of the loss of one element or pixel, whose errors no others offset, as a part of it. */
  static final double SINGLE = 4e-6;

  /** The distance of f32 numbers near 0. */
  static final double SUBNORMAL = 0x1p-148;

  private Tolerances() {}

  /** Whether an f32 number is an expected one; infinities and NaN must be the same. */
  static boolean near(double expected, float actual, double slack) {
    double limited = LossDefinition.inFloat(expected);
    if (Double.isNaN(limited) || Float.isNaN(actual)) {
      return Double.isNaN(limited) && Float.isNaN(actual);
    }
    if (Double.isInfinite(limited) || Float.isInfinite(actual)) {
      return limited == actual;
    }
    return Math.abs(expected - actual) <= slack;
  }
}
