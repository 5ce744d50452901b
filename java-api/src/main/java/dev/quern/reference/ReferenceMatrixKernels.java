package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.MatrixKernels;
import java.lang.foreign.MemorySegment;

/** Matrix products, one dot product with a double accumulator per element. */
final class ReferenceMatrixKernels implements MatrixKernels {
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
    MemorySegment left = HostBuffer.segment(a);
    MemorySegment right = HostBuffer.segment(b);
    MemorySegment target = HostBuffer.segment(out);
    for (long row = 0; row < m; row++) {
      for (long column = 0; column < n; column++) {
        double sum = 0;
        for (long i = 0; i < k; i++) {
          double u = left.getAtIndex(JAVA_FLOAT, transposeA ? i * m + row : row * k + i);
          double v = right.getAtIndex(JAVA_FLOAT, transposeB ? column * k + i : i * n + column);
          sum += u * v;
        }
        target.setAtIndex(JAVA_FLOAT, row * n + column, (float) sum);
      }
    }
  }
}
