package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.DType;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.MatrixKernels;
import java.lang.foreign.MemorySegment;

/** Matrix products, one dot product with a double accumulator per element. */
final class ReferenceMatrixKernels implements MatrixKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : MatrixKernels.super.support(dtype);
  }

  @Override
  public long scratchBytes(long m, long n, long k) {
    return 1;
  }

  @Override
  public void multiply(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      Span out,
      Span scratch) {
    product(transposeA, transposeB, m, n, k, a, b, out, false);
  }

  @Override
  public void multiplyAdd(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      Span out,
      Span scratch) {
    product(transposeA, transposeB, m, n, k, a, b, out, true);
  }

  private static void product(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      Span out,
      boolean add) {
    boolean wide = a.dtype() == DType.F64;
    MemorySegment left = HostBuffer.segment(a);
    MemorySegment right = HostBuffer.segment(b);
    MemorySegment target = HostBuffer.segment(out);
    for (long row = 0; row < m; row++) {
      for (long column = 0; column < n; column++) {
        double sum = 0;
        for (long i = 0; i < k; i++) {
          double u = element(left, wide, transposeA ? i * m + row : row * k + i);
          double v = element(right, wide, transposeB ? column * k + i : i * n + column);
          sum += u * v;
        }
        long at = row * n + column;
        if (wide) {
          target.setAtIndex(JAVA_DOUBLE_UNALIGNED, at, add ? element(target, true, at) + sum : sum);
        } else {
          float rounded = (float) sum;
          target.setAtIndex(
              JAVA_FLOAT, at, add ? target.getAtIndex(JAVA_FLOAT, at) + rounded : rounded);
        }
      }
    }
  }

  private static double element(MemorySegment matrix, boolean wide, long index) {
    return wide
        ? matrix.getAtIndex(JAVA_DOUBLE_UNALIGNED, index)
        : matrix.getAtIndex(JAVA_FLOAT, index);
  }
}
