package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;

import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.ReductionKernels;
import java.util.List;

/** Launches {@code reduction.cu}. */
final class CudaReductionKernels implements ReductionKernels {
  /** The entries of {@code reduction.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of("sum_partials", pointer("x"), pointer("partials"), int64("n")),
          Signature.of("sum_total", pointer("partials"), pointer("out"), int64("count")));

  private final FamilyModule module;

  CudaReductionKernels(FamilyModule module) {
    this.module = module;
  }

  @Override
  public long scratchBytes(long elements) {
    return Math.max(1, LaunchGeometry.chunks(elements) * Double.BYTES);
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    long chunks = LaunchGeometry.chunks(x.length());
    module.launch(
        module.kernel("sum_partials").tensor(x).scratch(scratch, 0).scalar(x.length()), chunks);
    module.launch(module.kernel("sum_total").scratch(scratch, 0).tensor(out).scalar(chunks), 1);
  }
}
