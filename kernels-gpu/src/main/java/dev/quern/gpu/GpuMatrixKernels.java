package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.MatrixKernels;

/**
 * Launches {@code matrix}. Scratch memory: an f32 per block of K and element, if there are several.
 */
final class GpuMatrixKernels implements MatrixKernels {
  /** The extent of K that one thread sums: {@code QUERN_MATRIX_BLOCK}. */
  private static final int BLOCK = 1024;

  private final GpuFamily family;

  GpuMatrixKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public long scratchBytes(long m, long n, long k) {
    long blocks = blocks(k);
    return blocks == 1 ? 1 : Math.max(1, blocks * m * n * Float.BYTES);
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
    product(transposeA, transposeB, m, n, k, a, b, out, scratch, 0);
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
    product(transposeA, transposeB, m, n, k, a, b, out, scratch, 1);
  }

  private void product(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      Span out,
      Span scratch,
      int add) {
    long blocks = blocks(k);
    Launch partials = family.kernel("matrix_partials").tensor(a).tensor(b);
    if (blocks == 1) {
      partials.tensor(out);
    } else {
      partials.scratch(scratch, 0, Float.BYTES);
    }
    partials
        .scalar(m)
        .scalar(n)
        .scalar(k)
        .scalar(transposeA ? 1 : 0)
        .scalar(transposeB ? 1 : 0)
        .scalar(blocks == 1 ? add : 0)
        .enqueue(family.geometry().groups(blocks * m * n));
    if (blocks > 1) {
      family
          .kernel("matrix_total")
          .scratch(scratch, 0, Float.BYTES)
          .tensor(out)
          .scalar(m * n)
          .scalar(blocks)
          .scalar(add)
          .enqueue(family.geometry().groups(m * n));
    }
  }

  private static long blocks(long k) {
    return Math.max(1, Math.ceilDiv(k, BLOCK));
  }
}
