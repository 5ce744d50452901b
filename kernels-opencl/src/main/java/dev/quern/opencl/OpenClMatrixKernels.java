package dev.quern.opencl;

import dev.quern.opencl.host.Kernel;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.MatrixKernels;

/** Launches {@code matrix.cl}. */
final class OpenClMatrixKernels implements MatrixKernels {
  private final FamilyProgram program;

  OpenClMatrixKernels(FamilyProgram program) {
    this.program = program;
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
    Kernel partials = program.kernel("matrix_partials").tensor(a).tensor(b);
    if (blocks == 1) {
      partials.tensor(out);
    } else {
      partials.scratch(scratch, 0, Float.BYTES);
    }
    partials.scalar(m).scalar(n).scalar(k).scalar(transposeA ? 1 : 0).scalar(transposeB ? 1 : 0);
    program.launch(partials, program.geometry().groups(blocks * m * n));
    if (blocks > 1) {
      program.launch(
          program
              .kernel("matrix_total")
              .scratch(scratch, 0, Float.BYTES)
              .tensor(out)
              .scalar(m * n)
              .scalar(blocks),
          program.geometry().tiles(m * n));
    }
  }

  private static long blocks(long k) {
    return Math.max(1, Math.ceilDiv(k, LaunchGeometry.MATRIX_BLOCK));
  }
}
