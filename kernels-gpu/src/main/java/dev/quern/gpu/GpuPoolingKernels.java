package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.MaxPoolingPlan;
import dev.quern.spi.tensor.MaxPoolingSpec;
import dev.quern.spi.tensor.PoolingKernels;
import dev.quern.spi.tensor.PoolingWindow;
import dev.quern.spi.tensor.SpatialExtent;

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

    /** With a thread for each element of what is written. */
    private void launch(Launch kernel, Span written, SpatialExtent extent) {
      SpatialExtent result = spec.result(extent);
      PoolingWindow y = spec.vertical();
      PoolingWindow x = spec.horizontal();
      kernel
          .scalar(written.length())
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
          .scalar(x.dilation())
          .enqueue(family.geometry().groups(written.length()));
    }
  }
}
