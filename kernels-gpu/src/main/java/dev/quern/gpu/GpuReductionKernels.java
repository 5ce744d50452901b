package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.ReductionKernels;

/** Launches {@code reduction}. Scratch memory: an f64 per chunk. */
final class GpuReductionKernels implements ReductionKernels {
  private final GpuFamily family;

  GpuReductionKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public long axisScratchBytes(long outer, long count, long inner) {
    return 1;
  }

  @Override
  public void sumAxis(long outer, long count, long inner, Span x, Span out, Span scratch) {
    throw new UnsupportedOperationException("sumAxis");
  }

  @Override
  public void maxAxis(long outer, long count, long inner, Span x, Span out, Span places) {
    throw new UnsupportedOperationException("maxAxis");
  }

  @Override
  public void scatterAxis(long outer, long count, long inner, Span values, Span places, Span out) {
    throw new UnsupportedOperationException("scatterAxis");
  }

  @Override
  public long scratchBytes(long elements) {
    return Math.max(1, family.geometry().chunks(elements) * Double.BYTES);
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    long chunks = family.geometry().chunks(x.length());
    family
        .kernel("sum_partials")
        .tensor(x)
        .scratch(scratch, 0, Double.BYTES)
        .scalar(x.length())
        .enqueue(chunks);
    family
        .kernel("sum_total")
        .scratch(scratch, 0, Double.BYTES)
        .tensor(out)
        .scalar(chunks)
        .enqueue(1);
  }
}
