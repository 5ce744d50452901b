package dev.quern.bench.kernels;

import java.util.Optional;

/**
 * How far a result may lie from the expected one: a named policy, chosen by the kind of operation
 * and never widened to make a case pass. NaN must stand where NaN is expected and nowhere else;
 * infinities must be equal.
 *
 * @param policy its name
 * @param bound the largest difference allowed
 */
public record Tolerance(String policy, Bound bound) {

  /** The largest difference allowed at one element. */
  @FunctionalInterface
  public interface Bound {
    /**
     * {@return the largest difference allowed}
     *
     * @param expected the expected element
     * @param largest the largest finite magnitude among the expected elements
     */
    double at(double expected, double largest);
  }

  /** The unit roundoff of f32. */
  private static final double ROUNDOFF = 0x1p-24;

  /** The same value: operations that every platform rounds alike, integers, random numbers. */
  public static final Tolerance EXACT = new Tolerance("exact", (e, largest) -> 0);

  /**
   * Four units in the last place: elementwise functions with a division or a root, which OpenCL
   * devices may round differently.
   */
  public static final Tolerance ELEMENTWISE =
      new Tolerance("elementwise 4 ulp", (e, largest) -> 4 * Math.ulp((float) e));

  /**
   * Eight units in the last place, those below the least normal number not counted: functions with
   * an exponential, which is good to two or three, and a division.
   */
  public static final Tolerance FUNCTION =
      new Tolerance(
          "function 8 ulp", (e, largest) -> Math.max(8 * Math.ulp((float) e), Float.MIN_NORMAL));

  /** A loss value: 1e-5 relative or 1e-7 absolute. */
  public static final Tolerance LOSS =
      new Tolerance("loss 1e-5", (e, largest) -> Math.max(1e-5 * Math.abs(e), 1e-7));

  /** A gradient: 1e-5 of its largest element. */
  public static final Tolerance GRADIENT =
      new Tolerance("gradient 1e-5", (e, largest) -> 1e-5 * largest);

  /** Data of deviation 1: 1e-5 of 1, or of its largest element. */
  public static final Tolerance NORMALIZED =
      new Tolerance("normalized 1e-5", (e, largest) -> 1e-5 * Math.max(1, largest));

  /** A norm or a clip coefficient: 1e-5 relative. */
  public static final Tolerance SCALAR =
      new Tolerance("scalar 1e-5", (e, largest) -> 1e-5 * Math.abs(e));

  /** A gradient norm against f64: 1e-6 relative. */
  public static final Tolerance NORM =
      new Tolerance("norm 1e-6", (e, largest) -> 1e-6 * Math.abs(e));

  /** A moment of an optimizer: 1e-6 of the largest. */
  public static final Tolerance MOMENT =
      new Tolerance("moment 1e-6", (e, largest) -> 1e-6 * largest);

  /** A score between 0 and 1: 1e-6. */
  public static final Tolerance SCORE = new Tolerance("score 1e-6", (e, largest) -> 1e-6);

  /** A learning rate: 1e-12. */
  public static final Tolerance SCHEDULE = new Tolerance("schedule 1e-12", (e, largest) -> 1e-12);

  /**
   * {@return the policy of sums in f32 in differing orders: a rounding error that grows with the
   * root of the number of terms}
   *
   * @param terms how many terms a sum has
   * @param magnitude the size of the partial sums, such as the Euclidean norm of the terms
   */
  public static Tolerance reduction(long terms, double magnitude) {
    double relative = 4 * ROUNDOFF * Math.sqrt((double) Math.max(1, terms));
    return new Tolerance("reduction", (e, largest) -> relative * Math.max(magnitude, largest));
  }

  /**
   * {@return the policy of a function whose terms may cancel: eight units in the last place, or
   * four roundings of a term}
   *
   * @param magnitude the largest of the terms
   */
  public static Tolerance cancelling(double magnitude) {
    double least = 4 * ROUNDOFF * magnitude;
    return new Tolerance(
        "cancelling function 8 ulp", (e, largest) -> Math.max(8 * Math.ulp((float) e), least));
  }

  /**
   * {@return the policy of parameters after optimizer steps: 1e-6 of the parameter or of the way it
   * can have gone}
   *
   * @param steps the number of steps taken
   * @param lr the learning rate
   */
  public static Tolerance parameters(int steps, double lr) {
    return new Tolerance(
        "parameters 1e-6", (e, largest) -> 1e-6 * Math.max(Math.abs(e), steps * lr));
  }

  /**
   * Compares a result with the expected one.
   *
   * @param what what is compared, for the message
   * @param expected the expected elements
   * @param actual the elements to judge
   * @return what is wrong, or empty
   */
  public Optional<String> compare(String what, double[] expected, double[] actual) {
    if (expected.length != actual.length) {
      return Optional.of(
          what + " has " + actual.length + " elements instead of " + expected.length);
    }
    double largest = 0;
    for (double e : expected) {
      if (Double.isFinite(e)) {
        largest = Math.max(largest, Math.abs(e));
      }
    }
    int wrong = 0;
    int worst = -1;
    double worstExcess = 0;
    for (int i = 0; i < expected.length; i++) {
      double e = expected[i];
      double a = actual[i];
      if (e == a || (Double.isNaN(e) && Double.isNaN(a))) {
        continue;
      }
      double difference = Math.abs(e - a);
      double allowed = bound.at(e, largest);
      boolean within = Double.isFinite(e) && Double.isFinite(a) && difference <= allowed;
      if (!within) {
        wrong++;
        double excess =
            Double.isFinite(difference) ? difference / Math.max(allowed, 1e-300) : 1e300;
        if (worst < 0 || excess > worstExcess) {
          worst = i;
          worstExcess = excess;
        }
      }
    }
    if (wrong == 0) {
      return Optional.empty();
    }
    return Optional.of(
        "%s: %d of %d elements beyond policy %s, worst at %d: %s instead of %s (allowed %.3g)"
            .formatted(
                what,
                wrong,
                expected.length,
                policy,
                worst,
                actual[worst],
                expected[worst],
                bound.at(expected[worst], largest)));
  }

  /**
   * Compares one number with the expected one.
   *
   * @param what what is compared, for the message
   * @param expected the expected number
   * @param actual the number to judge
   * @return what is wrong, or empty
   */
  public Optional<String> compare(String what, double expected, double actual) {
    return compare(what, new double[] {expected}, new double[] {actual});
  }
}
