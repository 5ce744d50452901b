package dev.quern.simd.convolution;

import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Support;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;

/** Convolutions on register tiles: see {@link SimdConvolution}. */
public final class SimdConvolutionKernels implements ConvolutionKernels {
  private final WorkerPool pool;

  public SimdConvolutionKernels(WorkerPool pool) {
    this.pool = pool;
  }

  /** The packed weights are one array, and a vector is filled up with zeros. */
  @Override
  public Support support(ConvolutionSpec spec) {
    long window = (long) spec.vertical().kernel() * spec.horizontal().kernel();
    long inputs = spec.inputs() / spec.groups();
    long outputs = spec.outputs() / spec.groups();
    double most = Math.max(padded(inputs) * outputs, inputs * padded(outputs));
    return most * spec.groups() * window < Integer.MAX_VALUE - 64
        ? Support.yes()
        : Support.no("its weights are more than an array holds");
  }

  private static double padded(long channels) {
    return channels + 15;
  }

  @Override
  public ConvolutionPlan prepare(ConvolutionSpec spec) {
    support(spec).require(spec);
    return new SimdConvolution(spec, pool);
  }
}
