package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.reference.LossTerms;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossOperands;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Any weighted sum of overlap and cross-entropy losses in two passes over logits x and target t.
 * Pass 1 leaves per chunk the sums of true positives, probabilities, targets and cross-entropy, and
 * counts if asked; the caller adds the chunks' sums by index and derives value and coefficients;
 * pass 2 writes the gradient. One exponential a pixel and pass; sigmoid, its slope and ln(1 + e)
 * follow from it. A chunk a piece. Inside a chunk pixel i goes to f32 accumulator i modulo {@link
 * LossVectors#ROW}, across accumulators and chunks sums are f64 in index order, so neither threads
 * nor vector width can change a bit. Tails are padded with pixels that add exactly 0.
 */
final class SimdFusedLoss implements FusedLossPlan {
  /** About 20 microseconds of work in both passes. */
  private static final int INLINE_BELOW = 4;

  private final FusedLossSpec spec;
  private final LossVectors vectors;
  private final WorkerPool pool;

  SimdFusedLoss(FusedLossSpec spec, WorkerPool pool) {
    this.spec = spec;
    this.vectors = new LossVectors(spec);
    this.pool = pool;
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    long elements = extent.elements();
    return Math.max(1, Chunks.count(elements)) * LossPartials.BYTES;
  }

  @Override
  public void forward(
      LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
    LossTerms.Coefficients result =
        sums(operands.logits(), operands.target(), counts, fault, scratch, 0);
    HostBuffer.segment(value).set(JAVA_FLOAT, 0, result.value());
  }

  @Override
  public void forwardBackward(
      LossOperands operands,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    Span logits = operands.logits();
    Span target = operands.target();
    float factor = HostBuffer.segment(upstream).get(JAVA_FLOAT, 0);
    LossTerms.Coefficients result = sums(logits, target, counts, fault, scratch, factor);
    Gradient task = new Gradient(logits, target, result, gradient);
    pool.run(task, Chunks.count(logits.length()), INLINE_BELOW);
    HostBuffer.segment(value).set(JAVA_FLOAT, 0, result.value());
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    throw new UnsupportedOperationException("This backend has no kernels yet for " + spec + ".");
  }

  private LossTerms.Coefficients sums(
      Span logits, Span target, @Nullable Span counts, Span fault, Span scratch, float upstream) {
    long chunks = Chunks.count(logits.length());
    Sums task = new Sums(logits, target, scratch);
    pool.run(task, chunks, INLINE_BELOW);
    LossPartials partials = new LossPartials(task.partials);
    if (counts != null) {
      partials.addCounts(chunks, HostBuffer.segment(counts));
    }
    MemorySegment word = HostBuffer.segment(fault);
    word.set(JAVA_LONG, 0, Math.min(word.get(JAVA_LONG, 0), partials.fault(chunks)));
    return LossTerms.epilogue(spec, partials.sums(chunks), logits.length(), upstream);
  }

  /** What both passes read, and where a chunk's targets are found as floats. */
  private abstract class Pass extends Task {
    final MemorySegment x;
    final MemorySegment t;
    final long elements;
    private final boolean labels;

    Pass(Span logits, Span target) {
      this.x = open(logits);
      this.t = open(target);
      this.elements = logits.length();
      this.labels = target.dtype() == DType.U8;
    }

    @Override
    final void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      Workspace work = Workspace.current();
      if (labels) {
        int faulty = Labels.stage(t, first, n, vectors.ignored, work.stage);
        run(piece, n, work.stage, 0, faulty == n ? Long.MAX_VALUE : first + faulty, work);
      } else {
        run(piece, n, t, 4 * first, Long.MAX_VALUE, work);
      }
    }

    abstract void run(long piece, int n, MemorySegment t, long tAt, long fault, Workspace work);
  }

  /** Pass 1. */
  private final class Sums extends Pass {
    final MemorySegment partials;

    Sums(Span logits, Span target, Span scratch) {
      super(logits, target);
      this.partials = open(scratch);
    }

    @Override
    void run(long piece, int n, MemorySegment t, long tAt, long fault, Workspace work) {
      long xAt = 4 * Chunks.start(piece);
      int whole = n & -LossVectors.ROW;
      LossPartials.Chunk chunk = work.loss;
      chunk.clear();
      work.steps.sums(vectors, x, xAt, t, tAt, whole);
      chunk.addLanes(work.lanes);
      Float cut = spec.countCut();
      if (cut != null) {
        LossLoops.counts(vectors, x, xAt, t, tAt, whole, cut, chunk.counts);
      }
      if (whole < n) {
        tail(xAt + 4L * whole, t, tAt + 4L * whole, n - whole, cut, chunk, work);
      }
      new LossPartials(partials).set(piece, chunk, fault);
    }

    private void tail(
        long xAt,
        MemorySegment t,
        long tAt,
        int n,
        @Nullable Float cut,
        LossPartials.Chunk chunk,
        Workspace work) {
      MemorySegment xPad = work.pads[0];
      MemorySegment tPad = work.pads[1];
      for (int i = n; i < LossVectors.ROW; i++) {
        xPad.setAtIndex(JAVA_FLOAT, i, Float.NEGATIVE_INFINITY);
        tPad.setAtIndex(JAVA_FLOAT, i, 0);
      }
      MemorySegment.copy(x, xAt, xPad, 0, 4L * n);
      MemorySegment.copy(t, tAt, tPad, 0, 4L * n);
      work.steps.sums(vectors, xPad, 0, tPad, 0, LossVectors.ROW);
      chunk.addLanes(work.lanes);
      if (cut != null) {
        for (int i = n; i < LossVectors.ROW; i++) {
          // counted as a true negative whatever the cut and the ignored value are
          xPad.setAtIndex(JAVA_FLOAT, i, Float.NaN);
          tPad.setAtIndex(JAVA_FLOAT, i, Float.NaN);
        }
        LossLoops.counts(vectors, xPad, 0, tPad, 0, LossVectors.ROW, cut, chunk.counts);
        chunk.counts.trueNegatives -= LossVectors.ROW - n;
      }
    }
  }

  /** Pass 2. */
  private final class Gradient extends Pass {
    private final MemorySegment gradient;
    private final LossTerms.Coefficients k;

    Gradient(Span logits, Span target, LossTerms.Coefficients k, Span gradient) {
      super(logits, target);
      this.gradient = open(gradient);
      this.k = k;
    }

    @Override
    void run(long piece, int n, MemorySegment t, long tAt, long fault, Workspace work) {
      long xAt = 4 * Chunks.start(piece);
      int whole = n - n % VectorMath.LANES;
      work.steps.gradient(vectors, k, x, xAt, t, tAt, gradient, whole);
      if (whole < n) {
        MemorySegment xPad = work.pads[0];
        long bytes = 4L * (n - whole);
        long tail = xAt + 4L * whole;
        MemorySegment.copy(x, tail, xPad, 0, bytes);
        MemorySegment.copy(t, tAt + 4L * whole, work.pads[1], 0, bytes);
        work.steps.gradient(vectors, k, xPad, 0, work.pads[1], 0, xPad, VectorMath.LANES);
        MemorySegment.copy(xPad, 0, gradient, tail, bytes);
      }
    }
  }
}
