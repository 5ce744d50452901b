package dev.quern.spi.optim;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * What the reduction over the gradients leaves for the step behind it, in host memory: {norm before
 * clipping, clip coefficient, 1 if all gradients are finite else 0, factor of the gradients, its
 * unit}. Gradients are multiplied by unit and factor, whose product is clip coefficient / loss
 * scale: the unit is 1, or 2^-126 where F32 could hold the product only in part or not at all.
 *
 * @param memory {@link #LENGTH} floats
 */
public record GradientControl(MemorySegment memory) {
  /** The number of F32 elements. */
  public static final int LENGTH = 5;

  /**
   * Writes the result of the reduction: the Java twin of {@code quern_gradient_control} in {@code
   * optimizer.inc}.
   *
   * @param squares the sum of the squared gradients, as they are
   * @param lossScale what the gradients were multiplied by
   * @param maxNorm the norm above which gradients are scaled down
   * @param finite whether all gradients are finite
   */
  public void write(double squares, float lossScale, double maxNorm, boolean finite) {
    double norm = Math.sqrt(squares) / lossScale;
    // a NaN norm must not reach the update as a factor: not-finite gradients suppress it anyway
    double clip = maxNorm < norm + 1e-6 ? maxNorm / (norm + 1e-6) : 1;
    double factor = clip / lossScale;
    float unit = 1;
    if (factor < Float.MIN_NORMAL) {
      factor = factor * 0x1p126;
      unit = Float.MIN_NORMAL;
    }
    memory.setAtIndex(JAVA_FLOAT, 0, (float) norm);
    memory.setAtIndex(JAVA_FLOAT, 1, (float) clip);
    memory.setAtIndex(JAVA_FLOAT, 2, finite ? 1 : 0);
    memory.setAtIndex(JAVA_FLOAT, 3, (float) factor);
    memory.setAtIndex(JAVA_FLOAT, 4, unit);
  }

  /**
   * Tells whether the step may change anything.
   *
   * @return whether all gradients are finite
   */
  public boolean finite() {
    return memory.getAtIndex(JAVA_FLOAT, 2) != 0;
  }

  /**
   * Returns what gradients are multiplied by behind the unit.
   *
   * @return clip coefficient / loss scale / unit
   */
  public float factor() {
    return memory.getAtIndex(JAVA_FLOAT, 3);
  }

  /**
   * Returns what gradients are multiplied by first.
   *
   * @return 1 or 2^-126
   */
  public float unit() {
    return memory.getAtIndex(JAVA_FLOAT, 4);
  }
}
