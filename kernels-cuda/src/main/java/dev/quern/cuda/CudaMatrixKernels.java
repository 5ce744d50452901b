package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.MatrixKernels;
import java.util.List;

/** Launches {@code matrix.cu}. */
final class CudaMatrixKernels implements MatrixKernels {
  /** The entries of {@code matrix.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of(
              "matrix_partials",
              pointer("a"),
              pointer("b"),
              pointer("partials"),
              int64("m"),
              int64("n"),
              int64("k"),
              int32("transpose_a"),
              int32("transpose_b")),
          Signature.of(
              "matrix_total",
              pointer("partials"),
              pointer("out"),
              int64("elements"),
              int64("blocks")));

  private final FamilyModule module;

  CudaMatrixKernels(FamilyModule module) {
    this.module = module;
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
    long blocks = blocks(k);
    Kernel partials = module.kernel("matrix_partials").tensor(a).tensor(b);
    if (blocks == 1) {
      partials.tensor(out);
    } else {
      partials.scratch(scratch, 0);
    }
    partials.scalar(m).scalar(n).scalar(k).scalar(transposeA ? 1 : 0).scalar(transposeB ? 1 : 0);
    module.launch(partials, LaunchGeometry.blocks(blocks * m * n));
    if (blocks > 1) {
      module.launch(
          module
              .kernel("matrix_total")
              .scratch(scratch, 0)
              .tensor(out)
              .scalar(m * n)
              .scalar(blocks),
          LaunchGeometry.blocks(m * n));
    }
  }

  private static long blocks(long k) {
    return Math.max(1, Math.ceilDiv(k, LaunchGeometry.MATRIX_BLOCK));
  }
}
