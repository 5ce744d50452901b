package dev.quern.simd.convolution;

import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import org.jspecify.annotations.Nullable;

/**
 * A convolution without a matrix of columns: register tiles over channels-last pixels, all taps and
 * inputs summed before a result is written.
 *
 * <ul>
 *   <li>Forward and the gradient of the operand are both a {@link Correlation}: f32 chains of fused
 *       multiply-adds over rows of taps, inputs, taps of a row; for the gradient the taps are in
 *       reverse and the inputs are the results' channels.
 *   <li>The gradient of the weights is summed in parts, fixed groups of rows, each element in f32
 *       over rows and pixels in order, and the parts in f64 in order: {@link WeightGradientTask},
 *       {@link WeightGradientSum}.
 * </ul>
 */
record SimdConvolution(ConvolutionSpec spec, WorkerPool pool) implements ConvolutionPlan {
  /** The weights that the calling thread packs, for all that help it. */
  private static final ThreadScratch<PackedWeights> PACKED =
      new ThreadScratch<>(PackedWeights::new);

  @Override
  public long scratchBytes(SpatialExtent extent) {
    return Math.max(1, new WeightGradientParts(spec, extent).bytes());
  }

  @Override
  public void forward(
      SpatialExtent extent, Span x, Span weight, @Nullable Span bias, Span out, Span scratch) {
    Correlation correlation = Correlation.forward(spec, extent);
    PackedWeights packed = PACKED.get();
    packed.forward(
        correlation, HostBuffer.segment(weight), bias == null ? null : HostBuffer.segment(bias));
    CorrelationTask.run(pool, correlation, x, packed, spec.relu(), out);
  }

  @Override
  public void inputGradient(
      SpatialExtent extent, Span gradient, Span weight, Span out, Span scratch) {
    Correlation correlation = Correlation.inputGradient(spec, extent);
    PackedWeights packed = PACKED.get();
    packed.inputGradient(correlation, HostBuffer.segment(weight));
    CorrelationTask.run(pool, correlation, gradient, packed, false, out);
  }

  @Override
  public void weightGradient(SpatialExtent extent, Span x, Span gradient, Span out, Span scratch) {
    weightGradient(extent, x, gradient, out, scratch, false);
  }

  @Override
  public void weightGradientAdd(
      SpatialExtent extent, Span x, Span gradient, Span out, Span scratch) {
    weightGradient(extent, x, gradient, out, scratch, true);
  }

  private void weightGradient(
      SpatialExtent extent, Span x, Span gradient, Span out, Span scratch, boolean add) {
    WeightGradientParts parts = new WeightGradientParts(spec, extent);
    WeightGradientTask.run(pool, parts, x, gradient, scratch);
    WeightGradientSum.run(pool, parts, scratch, out, add);
  }
}
