package dev.quern.spi.tensor;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/** What measures the device itself: the ceiling that arithmetic has on a roofline. */
public interface CalibrationKernels extends KernelFamily {
  /** The factor of {@link #fmaChains}. */
  float FACTOR = 0.75f;

  /** What {@link #fmaChains} adds. */
  float ADDEND = 0.125f;

  /**
   * Replaces each element x by fma(x, {@link #FACTOR}, {@link #ADDEND}), so many times over:
   * independent chains as long as wished, with hardly any memory to wait for.
   *
   * @param data F32, changed in place
   * @param length how many fma a chain has, at least 0
   */
  void fmaChains(@Written(afterReading = true) Span data, int length);
}
