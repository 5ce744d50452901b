package dev.quern.spi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;

/**
 * What the reduction over the gradients leaves for the step behind it, in host memory: {norm before
 * clipping, clip coefficient, 1 if all gradients are finite else 0, factor of the gradients}. The
 * factor is clip coefficient / loss scale.
 *
 * @param memory {@link #LENGTH} floats
 */
public record GradientControl(MemorySegment memory) {
  /** The number of F32 elements. */
  public static final int LENGTH = 4;

  /**
   * Writes the result of the reduction.
   *
   * @param squares the sum of the squared gradients, as they are
   * @param lossScale what the gradients were multiplied by
   * @param maxNorm the norm above which gradients are scaled down
   * @param finite whether all gradients are finite
   */
  public void write(double squares, float lossScale, float maxNorm, boolean finite) {
    float norm = (float) (Math.sqrt(squares) / lossScale);
    float ratio = maxNorm / (norm + 1e-6f);
    // a NaN ratio must not reach the update as a factor: not-finite gradients suppress it anyway
    float clip = ratio < 1 ? ratio : 1;
    memory.setAtIndex(JAVA_FLOAT, 0, norm);
    memory.setAtIndex(JAVA_FLOAT, 1, clip);
    memory.setAtIndex(JAVA_FLOAT, 2, finite ? 1 : 0);
    memory.setAtIndex(JAVA_FLOAT, 3, clip / lossScale);
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
   * Returns what gradients are multiplied by.
   *
   * @return clip coefficient / loss scale
   */
  public float factor() {
    return memory.getAtIndex(JAVA_FLOAT, 3);
  }
}
