package dev.quern.bench.definition;

import org.jspecify.annotations.Nullable;

/**
 * A parameter and what an optimizer keeps of it, in f64. Beside each number goes the size of what
 * it is made of, which f32 rounding is measured by: a sum that cancels keeps the rounding of its
 * terms.
 */
public final class Weights {
  /**
   * What the weights may differ by: each step rounds the weight once and its update a few times.
   */
  private static final double SLACK = 1e-6;

  final double[] w;

  /** Adam's first moment, or the momentum buffer. */
  final double[] first;

  final double[] second;
  final double[] largest;
  final double[] average;
  final double[] firstSize;
  final double[] secondSize;
  long steps;
  private final double[] reach;
  private final double[] averageReach;
  private final boolean[] undecided;
  private boolean decided = true;

  /**
   * Starts without steps, all state 0; a moving average starts at the weights.
   *
   * @param initial the weights
   */
  public Weights(float[] initial) {
    int n = initial.length;
    this.w = new double[n];
    this.first = new double[n];
    this.second = new double[n];
    this.largest = new double[n];
    this.average = new double[n];
    this.firstSize = new double[n];
    this.secondSize = new double[n];
    this.reach = new double[n];
    this.averageReach = new double[n];
    this.undecided = new boolean[n];
    for (int i = 0; i < n; i++) {
      w[i] = initial[i];
      average[i] = initial[i];
      reach[i] = Math.abs(w[i]);
      averageReach[i] = reach[i];
    }
  }

  /** Sets a weight that was moved by an update of a size. */
  void set(int i, double value, double updateSize) {
    w[i] = value;
    reach[i] = Math.max(reach[i] + finite(updateSize), finite(Math.abs(value)));
  }

  /** The size of all that a weight is made of. */
  double reach(int i) {
    return reach[i];
  }

  /** Says that a step depends on a weight's sign, which rounding may turn. */
  void decide(int i, double value) {
    undecided[i] |= value != 0 && Math.abs(value) <= SLACK * reach[i];
  }

  /**
   * Moves the average towards the weights.
   *
   * @param decay the part of it that stays
   */
  public void follow(double decay) {
    for (int i = 0; i < w.length; i++) {
      average[i] += (1 - decay) * (w[i] - average[i]);
      averageReach[i] = Math.max(averageReach[i], reach[i]);
    }
  }

  private static double finite(double size) {
    return Double.isFinite(size) ? size : 0;
  }

  /** {@return how many steps were taken} */
  public long steps() {
    return steps;
  }

  /** {@return whether no element compared so far was left out because its sign is undecided} */
  public boolean decided() {
    return decided;
  }

  /**
   * {@return how given weights are wrong, or null}
   *
   * @param actual the weights
   */
  public @Nullable String compare(float[] actual) {
    return compare("weight", w, actual, reach);
  }

  /**
   * {@return how a given average is wrong, or null}
   *
   * @param actual the moving average
   */
  public @Nullable String compareAverage(float[] actual) {
    return compare("average", average, actual, averageReach);
  }

  /**
   * {@return how a given first moment or momentum buffer is wrong, or null}
   *
   * @param actual it
   */
  public @Nullable String compareFirst(float[] actual) {
    return compare("first moment", first, actual, firstSize);
  }

  /**
   * {@return how a given second moment is wrong, or null}
   *
   * @param actual it
   */
  public @Nullable String compareSecond(float[] actual) {
    return compare("second moment", second, actual, secondSize);
  }

  /**
   * {@return how a given largest second moment is wrong, or null}
   *
   * @param actual it
   */
  public @Nullable String compareLargest(float[] actual) {
    double[] size = new double[largest.length];
    for (int i = 0; i < size.length; i++) {
      size[i] = Math.max(largest[i], secondSize[i]);
    }
    return compare("largest second moment", largest, actual, size);
  }

  private @Nullable String compare(String what, double[] expected, float[] actual, double[] size) {
    for (int i = 0; i < expected.length; i++) {
      if (undecided[i]) {
        decided = false;
        continue;
      }
      double slack = SLACK * finite(size[i]) + Tolerances.SUBNORMAL * (1 + steps);
      if (!Tolerances.near(expected[i], actual[i], slack)) {
        return "%s[%d] %.9g in place of %.9g after step %d, allowed %.2g"
            .formatted(what, i, actual[i], expected[i], steps, slack);
      }
    }
    return null;
  }
}
