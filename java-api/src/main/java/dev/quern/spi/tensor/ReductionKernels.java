package dev.quern.spi.tensor;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * Sums and greatest elements, over whole spans or along an axis. Sums are added in a fixed order:
 * f32 inside fixed chunks, f64 across them, rounded once to the result. Operands and results are
 * F32, or all F64 where the family supports it.
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

  /**
   * Returns how much scratch memory {@link #sumAxis} needs.
   *
   * @param outer the extent of the axes outside
   * @param count the extent of the axis
   * @param inner the extent of the axes inside
   * @return bytes, at least 1
   */
  long axisScratchBytes(long outer, long count, long inner);

  /**
   * out[o, i] = the sum of x[o, r, i] over all r; 0 for no element.
   *
   * @param outer the extent of the axes outside
   * @param count the extent of the axis
   * @param inner the extent of the axes inside
   * @param x the operand, {@code outer * count * inner} elements
   * @param out the result, {@code outer * inner} elements
   * @param scratch U8, at least {@link #axisScratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void sumAxis(long outer, long count, long inner, Span x, @Written Span out, Span scratch);

  /**
   * out[o, i] = the greatest of x[o, r, i] over all r: among equal ones the first, a NaN above all
   * others and of several the first.
   *
   * @param outer the extent of the axes outside
   * @param count the extent of the axis, from 1 to 2^31 - 1
   * @param inner the extent of the axes inside
   * @param x the operand, {@code outer * count * inner} elements
   * @param out the result, {@code outer * inner} elements
   * @param places I32, as long as {@code out}: the r of each
   */
  void maxAxis(long outer, long count, long inner, Span x, @Written Span out, @Written Span places);

  /**
   * out[o, r, i] = values[o, i] where r = places[o, i], else 0: the gradient of {@link #maxAxis}.
   *
   * @param outer the extent of the axes outside
   * @param count the extent of the axis
   * @param inner the extent of the axes inside
   * @param values {@code outer * inner} elements
   * @param places I32, as long as {@code values}
   * @param out the result, {@code outer * count * inner} elements
   */
  void scatterAxis(long outer, long count, long inner, Span values, Span places, @Written Span out);
}
