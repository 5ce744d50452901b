package dev.quern.simd;

import dev.quern.DType;
import dev.quern.simd.confusion.SimdConfusionKernels;
import dev.quern.simd.loss.PreparedLosses;
import dev.quern.simd.lovasz.SimdLovasz;
import dev.quern.simd.optim.ArrayAdam;
import dev.quern.simd.optim.ArraySgd;
import dev.quern.simd.optim.SegmentAdam;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.SgdCoefficients;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The fused kernels on arrays: the same chunks, accumulators and formulas as on native memory, so
 * the same bits. Steps of optimizers have loops of their own, because one loop over both kinds of
 * memory would be slow on both; losses are copied through scratch arrays block by block.
 */
public final class SimdArrayKernels implements ArrayKernels {
  private static final int INLINE_BELOW = 4;

  private final WorkerPool pool;
  private final PreparedLosses prepared;

  public SimdArrayKernels(WorkerPool pool) {
    this.pool = pool;
    this.prepared = new PreparedLosses(pool);
  }

  @Override
  public Result loss(
      FusedLossSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient,
      long @Nullable [] counts) {
    return prepared.of(spec).compute(extent, logits, target, upstream, gradient, counts);
  }

  @Override
  public Result lovasz(
      LovaszSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient) {
    return new SimdLovasz(spec, pool).compute(extent, logits, target, upstream, gradient);
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
}
