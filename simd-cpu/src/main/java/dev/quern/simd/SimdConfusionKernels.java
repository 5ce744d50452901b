package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Confusion counts: a chunk a piece, masks and population counts, one scan more only where a chunk
 * turns out to hold a faulty target. Tails are padded with NaN, which is neither a class nor
 * predicted. Integers, so the order cannot matter.
 */
final class SimdConfusionKernels implements ConfusionKernels {
  private final WorkerPool pool;

  SimdConfusionKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public long scratchBytes(long elements) {
    return Math.max(1, Chunks.count(elements)) * LossPartials.BYTES;
  }

  @Override
  public void count(
      Span predictions,
      float cut,
      Span target,
      @Nullable Integer ignoreIndex,
      Span counts,
      Span fault,
      Span scratch) {
    Count task = new Count(predictions, cut, target, ignoreIndex, scratch);
    long chunks = Chunks.count(predictions.length());
    pool.run(task, chunks, SimdPointwiseKernels.INLINE_BELOW);
    LossPartials partials = new LossPartials(task.partials);
    partials.addCounts(chunks, HostBuffer.segment(counts));
    MemorySegment word = HostBuffer.segment(fault);
    word.set(JAVA_LONG, 0, Math.min(word.get(JAVA_LONG, 0), partials.fault(chunks)));
  }

  private static final class Count extends Task {
    private final MemorySegment x;
    private final MemorySegment t;
    final MemorySegment partials;
    private final boolean labels;
    private final float cut;
    private final float ignored;
    private final long elements;

    Count(Span predictions, float cut, Span target, @Nullable Integer ignoreIndex, Span scratch) {
      this.x = open(predictions);
      this.t = open(target);
      this.partials = open(scratch);
      this.labels = target.dtype() == DType.U8;
      this.cut = cut;
      this.ignored = ignoreIndex == null ? (labels ? -1 : Float.NaN) : ignoreIndex;
      this.elements = predictions.length();
    }

    @Override
    void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      Workspace work = Workspace.current();
      work.loss.clear();
      Confusion counts = work.loss.counts;
      int faulty;
      if (labels) {
        faulty = Labels.stage(t, first, n, ignored, work.stage);
        count(x, 4 * first, work.stage, 0, n, counts, work);
      } else {
        int right = count(x, 4 * first, t, 4 * first, n, counts, work);
        faulty = right == n ? n : ConfusionLoops.firstFault(t, 4 * first, n, ignored);
      }
      long fault = faulty == n ? Long.MAX_VALUE : first + faulty;
      new LossPartials(partials).set(piece, work.loss, fault);
    }

    private int count(
        MemorySegment x,
        long xAt,
        MemorySegment t,
        long tAt,
        int n,
        Confusion counts,
        Workspace work) {
      int whole = n - n % VectorMath.LANES;
      int right = ConfusionLoops.count(x, xAt, t, tAt, whole, cut, ignored, counts);
      if (whole < n) {
        MemorySegment xPad = work.pads[0];
        MemorySegment tPad = work.pads[1];
        for (int i = n - whole; i < VectorMath.LANES; i++) {
          tPad.setAtIndex(JAVA_FLOAT, i, Float.NaN);
        }
        MemorySegment.copy(x, xAt + 4L * whole, xPad, 0, 4L * (n - whole));
        MemorySegment.copy(t, tAt + 4L * whole, tPad, 0, 4L * (n - whole));
        right += ConfusionLoops.count(xPad, 0, tPad, 0, VectorMath.LANES, cut, ignored, counts);
      }
      return right;
    }
  }
}
