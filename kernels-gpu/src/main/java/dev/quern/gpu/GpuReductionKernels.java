package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.ReductionKernels;

/** Launches {@code reduction}. Scratch memory: an f64 per chunk, or per line and part of it. */
final class GpuReductionKernels implements ReductionKernels {
  /** Elements that are summed in f32: {@code QUERN_AXIS_CHUNK}. */
  private static final int AXIS_CHUNK = 256;

  /** Threads of which more would not sum faster. */
  private static final long FILLING = 1 << 17;

  private final GpuFamily family;

  GpuReductionKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public long axisScratchBytes(long outer, long count, long inner) {
    return Math.max(1, parts(outer * inner, count) * outer * inner * Double.BYTES);
  }

  @Override
  public void sumAxis(long outer, long count, long inner, Span x, Span out, Span scratch) {
    long lines = outer * inner;
    long parts = parts(lines, count);
    family
        .kernel("sum_axis_partials")
        .tensor(x)
        .scratch(scratch, 0, Double.BYTES)
        .tensorOrNull(parts == 1 ? out : null)
        .scalar(lines * parts)
        .scalar(count)
        .scalar(inner)
        .scalar(parts)
        .enqueue(family.geometry().groups(lines * parts));
    if (parts > 1) {
      family
          .kernel("sum_axis_total")
          .scratch(scratch, 0, Double.BYTES)
          .tensor(out)
          .scalar(inner)
          .scalar(parts)
          .enqueue(lines);
    }
  }

  /** One for each chunk of a line, unless its lines are enough to fill a device. */
  private static long parts(long lines, long count) {
    long wanted = lines == 0 ? 1 : FILLING / lines;
    return Math.max(1, Math.min(Math.ceilDiv(count, AXIS_CHUNK), wanted));
  }

  @Override
  public void maxAxis(long outer, long count, long inner, Span x, Span out, Span places) {
    axis(family.kernel("max_axis").tensor(x).tensor(out).tensor(places), out, count, inner);
  }

  @Override
  public void scatterAxis(long outer, long count, long inner, Span values, Span places, Span out) {
    Launch kernel = family.kernel("scatter_axis").tensor(values).tensor(places).tensor(out);
    axis(kernel, out, count, inner);
  }

  private void axis(Launch kernel, Span written, long count, long inner) {
    kernel
        .scalar(written.length())
        .scalar(count)
        .scalar(inner)
        .enqueue(family.geometry().groups(written.length()));
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
