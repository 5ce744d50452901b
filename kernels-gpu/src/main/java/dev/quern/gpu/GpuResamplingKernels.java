package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;

/** Launches {@code resampling}. */
final class GpuResamplingKernels implements ResamplingKernels {
  private final GpuFamily family;

  GpuResamplingKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public UpsamplingPlan prepare(UpsamplingSpec spec) {
    family.build();
    return new Upsampling(spec, family);
  }

  private record Upsampling(UpsamplingSpec spec, GpuFamily family) implements UpsamplingPlan {
    @Override
    public void forward(SpatialExtent extent, Span x, Span out) {
      launch(family.kernel("upsample_forward").tensor(x).tensor(out), out, extent);
    }

    @Override
    public void backward(SpatialExtent extent, Span gradient, Span out) {
      launch(family.kernel("upsample_backward").tensor(gradient).tensor(out), out, extent);
    }

    private void launch(Launch kernel, Span written, SpatialExtent extent) {
      kernel
          .scalar(written.length())
          .scalar(extent.channels())
          .scalar(extent.height())
          .scalar(extent.width())
          .scalar(spec.vertical())
          .scalar(spec.horizontal())
          .scalar(interpolation())
          .enqueue(family.geometry().groups(written.length()));
    }

    private int interpolation() {
      return switch (spec.interpolation()) {
        case NEAREST -> 0;
        case BILINEAR -> 1;
        case BILINEAR_ALIGNED -> 2;
      };
    }
  }
}
