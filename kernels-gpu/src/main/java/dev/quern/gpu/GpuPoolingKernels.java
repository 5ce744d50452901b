package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.AveragePoolingPlan;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.MaxPoolingPlan;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.PoolingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;

/** Launches {@code pooling}. */
final class GpuPoolingKernels implements PoolingKernels {
  private final GpuFamily family;

  GpuPoolingKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public MaxPoolingPlan prepare(MaxPoolingSpec spec) {
    family.build();
    return new MaxPooling(spec, family);
  }

  @Override
  public AveragePoolingPlan prepare(AveragePoolingSpec spec) {
    family.build();
    return new AveragePooling(spec, family);
  }

  private record MaxPooling(MaxPoolingSpec spec, GpuFamily family) implements MaxPoolingPlan {
    @Override
    public void forward(SpatialExtent extent, Span x, Span out, Span places) {
      launch(family.kernel("max_pool").tensor(x).tensor(out).tensor(places), out, extent);
    }

    @Override
    public void backward(SpatialExtent extent, Span gradient, Span places, Span out) {
      Launch kernel = family.kernel("max_pool_backward");
      launch(kernel.tensor(gradient).tensor(places).tensor(out), out, extent);
    }

    private void launch(Launch kernel, Span written, SpatialExtent extent) {
      windows(
              kernel.scalar(written.length()),
              extent,
              spec.result(extent),
              spec.vertical(),
              spec.horizontal())
          .enqueue(family.geometry().groups(written.length()));
    }
  }

  private record AveragePooling(AveragePoolingSpec spec, GpuFamily family)
      implements AveragePoolingPlan {
    @Override
    public void forward(SpatialExtent extent, Span x, Span out) {
      launch(family.kernel("average_pool").tensor(x).tensor(out), out, extent);
    }

    @Override
    public void backward(SpatialExtent extent, Span gradient, Span out) {
      launch(family.kernel("average_pool_backward").tensor(gradient).tensor(out), out, extent);
    }

    private void launch(Launch kernel, Span written, SpatialExtent extent) {
      windows(
              kernel.scalar(written.length()),
              extent,
              spec.result(extent),
              spec.vertical(),
              spec.horizontal())
          .enqueue(family.geometry().groups(written.length()));
    }
  }

  /** Gives a kernel the images and the windows behind how many elements it writes. */
  private static Launch windows(
      Launch kernel, SpatialExtent extent, SpatialExtent result, Window y, Window x) {
    return kernel
        .scalar(extent.channels())
        .scalar(extent.height())
        .scalar(extent.width())
        .scalar(result.height())
        .scalar(result.width())
        .scalar(y.kernel())
        .scalar(x.kernel())
        .scalar(y.stride())
        .scalar(x.stride())
        .scalar(y.padding())
        .scalar(x.padding())
        .scalar(y.dilation())
        .scalar(x.dilation());
  }
}
