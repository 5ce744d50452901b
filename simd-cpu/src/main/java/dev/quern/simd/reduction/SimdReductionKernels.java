package dev.quern.simd.reduction;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.foreign.MemorySegment;

/**
 * The sum of a span. A chunk is summed in f32 into {@link SumLoops#ROW} accumulators, element i
 * into accumulator i modulo ROW, whatever the vector width; these are added in f64 by index, and so
 * are the chunks' sums. The tail is padded with zeros, which change no accumulator. Neither threads
 * nor width can change the order.
 */
public final class SimdReductionKernels implements ReductionKernels {
  private final WorkerPool pool;

  public SimdReductionKernels(WorkerPool pool) {
    this.pool = pool;
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
    return Math.max(1, Chunks.count(elements)) * Double.BYTES;
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    Partials task = new Partials(x, scratch);
    long chunks = Chunks.count(x.length());
    pool.run(task, chunks, Chunks.INLINE_BELOW);
    double sum = 0;
    for (long chunk = 0; chunk < chunks; chunk++) {
      sum += task.partials.get(JAVA_DOUBLE, chunk * Double.BYTES);
    }
    HostBuffer.segment(out).set(JAVA_FLOAT, 0, (float) sum);
  }

  private static final class Partials extends Task {
    private final MemorySegment x;
    private final MemorySegment partials;
    private final long elements;

    Partials(Span x, Span scratch) {
      this.x = open(x);
      this.partials = open(scratch);
      this.elements = x.length();
    }

    @Override
    public void run(long piece) {
      int n = Chunks.length(piece, elements);
      double sum = SumLoops.sum(x, 4 * Chunks.start(piece), n);
      partials.set(JAVA_DOUBLE, piece * Double.BYTES, sum);
    }
  }
}
