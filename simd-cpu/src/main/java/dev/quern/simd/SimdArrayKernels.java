package dev.quern.simd;

import dev.quern.DType;
import dev.quern.reference.LossTerms;
import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.ArrayKernels;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LovaszSpec;
import dev.quern.spi.OptimizerFlags;
import dev.quern.spi.SgdCoefficients;
import dev.quern.spi.TermTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The fused kernels on arrays: the same chunks, accumulators and formulas as on native memory, so
 * the same bits, in loops of their own, because one loop over both kinds of memory would be slow on
 * both. Tails are padded as there.
 */
final class SimdArrayKernels implements ArrayKernels {
  private static final int INLINE_BELOW = 4;

  /** Scratch memory up to this size stays with the thread for its next call. */
  private static final long KEPT_SCRATCH = 64L << 20;

  private final WorkerPool pool;

  SimdArrayKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public Result loss(
      FusedLossSpec spec,
      LossExtent extent,
      MemorySegment input,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment output,
      long @Nullable [] counts) {
    TermTable.requireBinary(spec);
    float[] logits = floats(input);
    byte[] labels = target.heapBase().orElse(null) instanceof byte[] bytes ? bytes : null;
    float[] soft = labels == null ? floats(target) : null;
    float[] gradient = output == null ? null : floats(output);
    LossVectors vectors = new LossVectors(spec);
    long chunks = Chunks.count(logits.length);
    MemorySegment memory = Workspace.current().partials(chunks * LossPartials.BYTES);
    LossPartials partials = new LossPartials(memory);
    Float cut = spec.countCut();
    pool.run(new Sums(vectors, logits, labels, soft, cut, partials), chunks, INLINE_BELOW);
    if (counts != null) {
      partials.addCounts(chunks, MemorySegment.ofArray(counts));
    }
    LossTerms.Coefficients k =
        LossTerms.epilogue(spec, partials.sums(chunks), logits.length, upstream);
    long fault = partials.fault(chunks);
    if (gradient != null) {
      pool.run(new Gradient(vectors, logits, labels, soft, k, gradient), chunks, INLINE_BELOW);
    }
    return new Result(k.value(), fault);
  }

  private static float[] floats(MemorySegment segment) {
    if (segment.heapBase().orElse(null) instanceof float[] array) {
      return array;
    }
    throw new UnsupportedOperationException("This backend takes arrays only.");
  }

  @Override
  public Result lovasz(
      LovaszSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient) {
    SimdLovasz loss = new SimdLovasz(spec, pool);
    long bytes = loss.scratchBytes(extent);
    if (bytes <= KEPT_SCRATCH) {
      MemorySegment scratch = Workspace.current().partials(bytes);
      return loss.run(logits, target, extent, upstream, gradient, scratch);
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment scratch = arena.allocate(bytes, 64);
      return loss.run(logits, target, extent, upstream, gradient, scratch);
    }
  }

  @Override
  public long count(
      MemorySegment predictions,
      float cut,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      long inner,
      long[] counts) {
    MemorySegment sums = MemorySegment.ofArray(counts);
    return SimdConfusionKernels.count(
        pool, predictions, cut, target, targetDtype, ignoreIndex, inner, sums);
  }

  @Override
  public long matrix(
      MemorySegment predictions,
      DType predictionsDtype,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      int classes,
      long inner,
      long[] counts) {
    return SimdConfusionKernels.matrix(
        pool,
        predictions,
        predictionsDtype,
        target,
        targetDtype,
        ignoreIndex,
        classes,
        inner,
        MemorySegment.ofArray(counts));
  }

  @Override
  public void adam(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] maxExpAvgSq,
      AdamCoefficients coefficients) {
    float[] max = coefficients.has(OptimizerFlags.AMSGRAD) ? maxExpAvgSq : null;
    Task task = new ArrayAdam(parameters, gradients, expAvg, expAvgSq, max, coefficients);
    pool.run(task, Chunks.count(parameters.length), INLINE_BELOW);
  }

  @Override
  public void adam(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment maxExpAvgSq,
      AdamCoefficients coefficients) {
    MemorySegment max = coefficients.has(OptimizerFlags.AMSGRAD) ? maxExpAvgSq : null;
    Task task = new SegmentAdam(parameters, gradients, expAvg, expAvgSq, max, coefficients);
    pool.run(task, Chunks.count(parameters.byteSize() / Float.BYTES), INLINE_BELOW);
  }

  @Override
  public void sgd(
      float[] parameters,
      float[] gradients,
      float @Nullable [] momentumBuffer,
      SgdCoefficients coefficients) {
    Task task = new ArraySgd(parameters, gradients, momentumBuffer, coefficients);
    pool.run(task, Chunks.count(parameters.length), INLINE_BELOW);
  }

  /** What both passes of a loss read, and where a chunk's targets are found as floats. */
  private abstract static class Pass extends Task {
    final LossVectors vectors;
    final float[] x;
    private final byte @Nullable [] labels;
    private final float @Nullable [] soft;

    Pass(LossVectors vectors, float[] x, byte @Nullable [] labels, float @Nullable [] soft) {
      this.vectors = vectors;
      this.x = x;
      this.labels = labels;
      this.soft = soft;
    }

    @Override
    final void run(long piece) {
      int first = (int) Chunks.start(piece);
      int n = Chunks.length(piece, x.length);
      Workspace work = Workspace.current();
      if (labels != null) {
        int faulty = Labels.stage(labels, first, n, vectors.ignored, work.arrayStage);
        long fault = faulty == n ? Long.MAX_VALUE : first + faulty;
        run(piece, first, n, work.arrayStage, 0, fault, work);
      } else if (soft != null) {
        run(piece, first, n, soft, first, Long.MAX_VALUE, work);
      }
    }

    abstract void run(long piece, int first, int n, float[] t, int tAt, long fault, Workspace work);
  }

  private static final class Sums extends Pass {
    private final @Nullable Float cut;
    private final LossPartials partials;

    Sums(
        LossVectors vectors,
        float[] x,
        byte @Nullable [] labels,
        float @Nullable [] soft,
        @Nullable Float cut,
        LossPartials partials) {
      super(vectors, x, labels, soft);
      this.cut = cut;
      this.partials = partials;
    }

    @Override
    void run(long piece, int first, int n, float[] t, int tAt, long fault, Workspace work) {
      LossPartials.Chunk chunk = work.loss;
      chunk.clear();
      int whole = n & -LossVectors.ROW;
      work.arraySteps.sums(vectors, x, first, t, tAt, whole);
      chunk.addLanes(work.lanes);
      if (cut != null) {
        LossArrayLoops.counts(vectors, x, first, t, tAt, whole, cut, chunk.counts);
      }
      if (whole < n) {
        tail(first + whole, t, tAt + whole, n - whole, chunk, work);
      }
      partials.set(piece, chunk, fault);
    }

    private void tail(
        int xAt, float[] t, int tAt, int n, LossPartials.Chunk chunk, Workspace work) {
      float[] xPad = work.arrayPads[0];
      float[] tPad = work.arrayPads[1];
      Arrays.fill(xPad, Float.NEGATIVE_INFINITY);
      Arrays.fill(tPad, 0);
      System.arraycopy(x, xAt, xPad, 0, n);
      System.arraycopy(t, tAt, tPad, 0, n);
      work.arraySteps.sums(vectors, xPad, 0, tPad, 0, LossVectors.ROW);
      chunk.addLanes(work.lanes);
      if (cut != null) {
        Arrays.fill(xPad, n, LossVectors.ROW, Float.NaN);
        Arrays.fill(tPad, n, LossVectors.ROW, Float.NaN);
        LossArrayLoops.counts(vectors, xPad, 0, tPad, 0, LossVectors.ROW, cut, chunk.counts);
        chunk.counts.trueNegatives -= LossVectors.ROW - n;
      }
    }
  }

  private static final class Gradient extends Pass {
    private final float[] gradient;
    private final LossTerms.Coefficients k;

    Gradient(
        LossVectors vectors,
        float[] x,
        byte @Nullable [] labels,
        float @Nullable [] soft,
        LossTerms.Coefficients k,
        float[] gradient) {
      super(vectors, x, labels, soft);
      this.gradient = gradient;
      this.k = k;
    }

    @Override
    void run(long piece, int first, int n, float[] t, int tAt, long fault, Workspace work) {
      int whole = n - n % VectorMath.LANES;
      work.arraySteps.gradient(vectors, k, x, first, t, tAt, gradient, whole);
      if (whole < n) {
        float[] xPad = work.arrayPads[0];
        float[] tPad = work.arrayPads[1];
        System.arraycopy(x, first + whole, xPad, 0, n - whole);
        System.arraycopy(t, tAt + whole, tPad, 0, n - whole);
        work.arraySteps.gradient(vectors, k, xPad, 0, tPad, 0, xPad, VectorMath.LANES);
        System.arraycopy(xPad, 0, gradient, first + whole, n - whole);
      }
    }
  }
}
