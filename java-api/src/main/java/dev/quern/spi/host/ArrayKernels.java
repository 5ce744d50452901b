package dev.quern.spi.host;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.SgdCoefficients;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The fused kernels on Java arrays: what the one-call forms of losses, metrics and optimizers run
 * on, without an engine. The caller has checked lengths.
 */
public interface ArrayKernels {
  /**
   * Computes a loss and, if asked, its gradient.
   *
   * @param spec the loss, without element weights
   * @param extent the batch
   * @param logits F32, native or over a {@code float[]}
   * @param target of the spec's target dtype, native or over an array
   * @param upstream the factor of the gradient
   * @param gradient F32, written, may be {@code logits}; null for the value only
   * @param counts {tn, fp, fn, tp}, added to; null exactly if the spec has no count cut
   * @return the value, and the first index of a faulty target
   */
  Result loss(
      FusedLossSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient,
      long @Nullable [] counts);

  /**
   * Computes a Lovasz loss and, if asked, its gradient.
   *
   * @param spec the loss
   * @param extent the batch
   * @param logits F32, heap or native
   * @param target of the spec's target dtype, heap or native
   * @param upstream the factor of the gradient
   * @param gradient F32, written, other memory than {@code logits}; null for the value only
   * @return the value, and the first index of a faulty label
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  Result lovasz(
      LovaszSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient);

  /**
   * Adds confusion counts, as {@link ConfusionKernels#count}.
   *
   * @param predictions F32, heap or native
   * @param cut the smallest value that counts as positive
   * @param target 0, 1 or the ignore index, as many, heap or native
   * @param targetDtype U8, I32, I64 or F32
   * @param ignoreIndex the target value left out, null for none
   * @param inner neighbouring elements of one row, at least 1
   * @param counts a row {tn, fp, fn, tp} or several, added to
   * @return the first index of a faulty target, or {@link Long#MAX_VALUE}
   */
  long count(
      MemorySegment predictions,
      float cut,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      long inner,
      long[] counts);

  /**
   * Adds to a multiclass confusion matrix, as {@link ConfusionKernels#matrix}.
   *
   * @param predictions scores or labels, heap or native
   * @param predictionsDtype F32, U8, I32 or I64
   * @param target labels, heap or native
   * @param targetDtype U8, I32 or I64
   * @param ignoreIndex the target left out, null for none
   * @param classes at least 1, at most 46340
   * @param inner pixels of a plane of scores, at least 1
   * @param counts classes times classes, added to
   * @return the first index of a faulty pixel, or {@link Long#MAX_VALUE}
   */
  long matrix(
      MemorySegment predictions,
      DType predictionsDtype,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      int classes,
      long inner,
      long[] counts);

  /**
   * Takes one Adam step over whole arrays of equal length.
   *
   * @param parameters changed
   * @param gradients read
   * @param expAvg changed
   * @param expAvgSq changed
   * @param maxExpAvgSq changed; null exactly without amsgrad
   * @param coefficients the step's scalars
   */
  void adam(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] maxExpAvgSq,
      AdamCoefficients coefficients);

  /**
   * Takes one Adam step over segments of equal length, of whatever memory.
   *
   * @param parameters floats at any address, changed
   * @param gradients read
   * @param expAvg changed
   * @param expAvgSq changed
   * @param maxExpAvgSq changed; null exactly without amsgrad
   * @param coefficients the step's scalars
   */
  void adam(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment maxExpAvgSq,
      AdamCoefficients coefficients);

  /**
   * Takes one step of stochastic gradient descent over whole arrays of equal length.
   *
   * @param parameters changed
   * @param gradients read
   * @param momentumBuffer changed; null exactly without momentum
   * @param coefficients the step's scalars
   */
  void sgd(
      float[] parameters,
      float[] gradients,
      float @Nullable [] momentumBuffer,
      SgdCoefficients coefficients);

  /**
   * A loss value and where its target was faulty.
   *
   * @param value the loss
   * @param fault the least index of a faulty target, or {@link Long#MAX_VALUE}
   */
  record Result(float value, long fault) {}
}
