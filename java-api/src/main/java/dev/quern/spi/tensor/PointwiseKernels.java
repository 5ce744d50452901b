package dev.quern.spi.tensor;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * Fill, copy and elementwise arithmetic. Operands and results are F32, or all F64 where the family
 * supports it, unless a method says otherwise; an output may be the same span as an operand, but
 * not overlap it otherwise.
 */
public interface PointwiseKernels extends KernelFamily {
  /**
   * out = value.
   *
   * @param out the result, F32, F64, I64, I32, U8 or BOOL; its length is the number of elements
   * @param value the value, converted to the dtype of {@code out} as Java casts
   */
  void fill(@Written Span out, double value);

  /**
   * out = x, converted: U8 (0 to 255), I32 or I64 to F32, rounded to the nearest, or equal dtypes
   * of any kind; where the family supports F64 also F64 to F32 and all of these to F64.
   *
   * @param x the operand
   * @param out the result, as long as {@code x}
   */
  void copy(Span x, @Written Span out);

  /**
   * out = op(x).
   *
   * @param op the function
   * @param x the operand
   * @param out the result, as long as {@code x}
   */
  void unary(UnaryOp op, Span x, @Written Span out);

  /**
   * out = gradient * the derivative of op at x; gradient / x for LOG, gradient / (2 sqrt(x)) for
   * SQRT. Where x is NaN the result is NaN, but for SIGN, whose result is 0 everywhere. Where x is
   * at most 0, RELU has 0 whatever the gradient is. GELU and SILU have NaN for infinite x, where
   * their formulas multiply infinity and 0.
   *
   * @param op the function
   * @param x the operand of the function
   * @param gradient of its result, as long as {@code x}
   * @param out the gradient of the operand, as long as {@code x}
   */
  void unaryGradient(UnaryOp op, Span x, Span gradient, @Written Span out);

  /**
   * out = op(a, b).
   *
   * @param op the function
   * @param a the first operand
   * @param b the second operand, as long as {@code a}
   * @param out the result, as long as {@code a}
   */
  void binary(BinaryOp op, Span a, Span b, @Written Span out);

  /**
   * out = x * factor, one rounding.
   *
   * @param x the operand
   * @param factor the factor
   * @param out the result, as long as {@code x}
   */
  void scale(Span x, float factor, @Written Span out);

  /**
   * out = 1 where x differs from value, else 0. NaN differs from everything.
   *
   * @param x the operand, F32, F64 or U8
   * @param value the value compared with; one that the dtype cannot hold differs from every element
   * @param out the result, F64 for F64, else F32, as long as {@code x}
   */
  void notEqual(Span x, float value, @Written Span out);

  /**
   * out[o, i, k] = a[o, i, k] + b[i], with {@code i} below {@code b.length()} and {@code k} below
   * {@code inner}.
   *
   * @param a the operand; its length is a multiple of {@code b.length() * inner}
   * @param b the vector added along the middle axis
   * @param inner the extent of the axes inside the middle one, at least 1
   * @param out the result, as long as {@code a}
   */
  void addBroadcast(Span a, Span b, long inner, @Written Span out);
}
