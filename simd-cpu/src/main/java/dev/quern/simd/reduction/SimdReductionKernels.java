package dev.quern.simd.reduction;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.ColumnBlocks;
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
  /** With fewer elements along an axis waking others is not worth it. */
  private static final long INLINE_BELOW = 1L << 15;

  private final WorkerPool pool;

  public SimdReductionKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public long axisScratchBytes(long outer, long count, long inner) {
    if (inner == 1 || AxisSums.isWide(inner)) {
      return 1;
    }
    return Math.max(1, outer * inner * ColumnBlocks.of(count, Math.max(1, inner)).pieces() * 8);
  }

  @Override
  public void sumAxis(long outer, long count, long inner, Span x, Span out, Span scratch) {
    if (out.length() == 0) {
      return;
    }
    long inlineBelow = x.length() < INLINE_BELOW ? Long.MAX_VALUE : 0;
    if (inner == 1) {
      pool.run(new AxisSums.Rows(count, x, out), outer, inlineBelow);
    } else if (AxisSums.isWide(inner)) {
      AxisSums.Strips task = new AxisSums.Strips(count, inner, x, out);
      pool.run(task, outer * task.strips(), inlineBelow);
    } else {
      ColumnBlocks blocks = ColumnBlocks.of(count, inner);
      AxisSums.Columns task = new AxisSums.Columns(blocks, x, scratch);
      pool.run(task, outer * blocks.pieces(), inlineBelow);
      task.merge(outer, HostBuffer.segment(out));
    }
  }

  @Override
  public void maxAxis(long outer, long count, long inner, Span x, Span out, Span places) {
    if (out.length() > 0) {
      AxisPlaces.Greatest task = new AxisPlaces.Greatest(count, inner, x, out, places);
      pool.run(task, outer * task.strips(), x.length() < INLINE_BELOW ? Long.MAX_VALUE : 0);
    }
  }

  @Override
  public void scatterAxis(long outer, long count, long inner, Span values, Span places, Span out) {
    if (out.length() > 0) {
      AxisPlaces.Scatter task = new AxisPlaces.Scatter(outer, count, inner, values, places, out);
      pool.run(task, task.pieces(), out.length() < INLINE_BELOW ? Long.MAX_VALUE : 0);
    }
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
