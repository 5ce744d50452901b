package dev.quern.reference;

import dev.quern.DType;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.SgdCoefficients;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The reference loops over arrays. */
final class ReferenceArrayKernels implements ArrayKernels {
  static final ReferenceArrayKernels SHARED = new ReferenceArrayKernels();

  private ReferenceArrayKernels() {}

  @Override
  public Result loss(
      FusedLossSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient,
      long @Nullable [] counts) {
    ReferenceFusedLoss.Run run = new ReferenceFusedLoss(spec).new Run(logits, target, null, extent);
    float value = run.pass1(upstream, counts == null ? null : MemorySegment.ofArray(counts));
    if (gradient != null) {
      run.pass2(gradient);
    }
    return new Result(value, run.fault());
  }

  @Override
  public Result lovasz(
      LovaszSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      float upstream,
      @Nullable MemorySegment gradient) {
    return new ReferenceLovasz(spec).run(logits, target, extent, upstream, gradient);
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
    return ReferenceConfusionKernels.count(
        predictions, cut, target, targetDtype, ignoreIndex, inner, MemorySegment.ofArray(counts));
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
    return ReferenceConfusionKernels.matrix(
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
    int n = parameters.length;
    OptimizerStep.adam(coefficients, parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, n);
  }

  @Override
  public void adam(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment maxExpAvgSq,
      AdamCoefficients coefficients) {
    long n = parameters.byteSize() / Float.BYTES;
    OptimizerStep.adam(coefficients, parameters, gradients, expAvg, expAvgSq, maxExpAvgSq, 0, n);
  }

  @Override
  public void sgd(
      float[] parameters,
      float[] gradients,
      float @Nullable [] momentumBuffer,
      SgdCoefficients coefficients) {
    OptimizerStep.sgd(coefficients, parameters, gradients, momentumBuffer, parameters.length);
  }
}
