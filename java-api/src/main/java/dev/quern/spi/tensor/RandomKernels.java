package dev.quern.spi.tensor;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/** Counter-based random numbers, bit-equal on all backends. */
public interface RandomKernels extends KernelFamily {
  /**
   * {@code out[i] = (x >>> 8) * 2^-24} with x the Philox word of element {@code firstElement + i}:
   * uniform in [0, 1).
   *
   * @param stream which sequence
   * @param firstElement the sequence's element that {@code out} starts with, 0 to 2^34 - 1
   * @param out the result, F32
   */
  void uniform(PhiloxStream stream, long firstElement, @Written Span out);
}
