package dev.quern.simd.matrix;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.MatrixKernels;

/**
 * Matrix products in three shapes. One column (or one row): the dot products of a matrix's rows
 * with a vector ({@link RowDots}), or the weighted sum of its rows ({@link WeightedRows}), which
 * read the matrix where it lies. All others: {@link MatrixTiles}, which packs panels. Everywhere K
 * is summed in f32 inside fixed blocks and in f64 across them in index order; which shape and how
 * it is cut depends on the extents alone.
 */
public final class SimdMatrixKernels implements MatrixKernels {
  private final WorkerPool pool;

  public SimdMatrixKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public long scratchBytes(long m, long n, long k) {
    long weighted = m == 1 || n == 1 ? WeightedRows.scratchBytes(k, Math.max(m, n)) : 1;
    return Math.max(weighted, MatrixTiles.scratchBytes(m, n, k));
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
    product(transposeA, transposeB, m, n, k, a, b, new MatrixResult(out, false), scratch);
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
    product(transposeA, transposeB, m, n, k, a, b, new MatrixResult(out, true), scratch);
  }

  private void product(
      boolean transposeA,
      boolean transposeB,
      long m,
      long n,
      long k,
      Span a,
      Span b,
      MatrixResult out,
      Span scratch) {
    if (k == 0) {
      out.putZeros(m * n);
    } else if (n == 1 && !transposeA) {
      RowDots.multiply(pool, a, m, k, b, out);
    } else if (m == 1 && transposeB) {
      RowDots.multiply(pool, b, n, k, a, out);
    } else if (n == 1) {
      WeightedRows.multiply(pool, a, k, m, b, out, scratch);
    } else if (m == 1) {
      WeightedRows.multiply(pool, b, k, n, a, out, scratch);
    } else {
      MatrixTiles.multiply(pool, transposeA, transposeB, m, n, k, a, b, out, scratch);
    }
  }
}
