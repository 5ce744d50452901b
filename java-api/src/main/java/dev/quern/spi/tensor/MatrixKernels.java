package dev.quern.spi.tensor;

import dev.quern.spi.KernelFamily;
import dev.quern.spi.Span;
import dev.quern.spi.Written;

/**
 * Matrix products of dense row-major matrices of F32, or all of F64 where the family supports it; K
 * is summed in fixed blocks.
 */
public interface MatrixKernels extends KernelFamily {
  /**
   * Returns how much scratch memory {@link #multiply} and {@link #multiplyAdd} need.
   *
   * @param m rows of the result
   * @param n columns of the result
   * @param k the summed extent
   * @return bytes, at least 1
   */
  long scratchBytes(long m, long n, long k);

  /**
   * out (m x n) = op(a) (m x k) * op(b) (k x n). With k = 0 the result is 0.
   *
   * @param transposeA whether {@code a} is stored as k x m and used transposed
   * @param transposeB whether {@code b} is stored as n x k and used transposed
   * @param m rows of the result
   * @param n columns of the result
   * @param k the summed extent
   * @param a the left matrix
   * @param b the right matrix
   * @param out the result, overlapping no operand
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void multiply(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      @Written Span out,
      Span scratch);

  /**
   * out = out + op(a) * op(b): the product has the bits of {@link #multiply} and is added last, so
   * a gradient grows where it lies.
   *
   * @param transposeA whether {@code a} is stored as k x m and used transposed
   * @param transposeB whether {@code b} is stored as n x k and used transposed
   * @param m rows of the result
   * @param n columns of the result
   * @param k the summed extent
   * @param a the left matrix
   * @param b the right matrix
   * @param out what is added to, overlapping no operand
   * @param scratch U8, at least {@link #scratchBytes} long, aligned to 64 bytes; undefined
   *     afterwards
   */
  void multiplyAdd(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      @Written(afterReading = true) Span out,
      Span scratch);
}
