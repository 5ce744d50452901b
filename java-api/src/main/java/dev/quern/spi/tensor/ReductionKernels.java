package dev.quern.spi.tensor;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * Sums over whole spans, in a fixed order: f32 inside fixed chunks, f64 across them, rounded once
 * to the result.
 */
public interface ReductionKernels extends KernelFamily {
  /**
   * Returns how much scratch memory {@link #sum} needs.
   *
   * @param elements the number of elements summed
   * @return bytes, at least 1
   */
  long scratchBytes(long elements);

  /**
   * out[0] = the sum of x; 0 for no element.
   *
   * @param x the operand, F32, or F64 where the family supports it
   * @param out the result, of the same dtype, one element
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void sum(Span x, @Written Span out, Span scratch);
}
