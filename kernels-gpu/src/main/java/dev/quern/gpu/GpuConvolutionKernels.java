package dev.quern.gpu;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import org.jspecify.annotations.Nullable;

/**
 * Launches {@code convolution}. Scratch memory: an f32 for each weight and part of the pixels, for
 * the gradient of the weights.
 */
final class GpuConvolutionKernels implements ConvolutionKernels {
  /** What kernels count in 32 bits stays below this, so that a tile more does not overflow. */
  private static final long MOST = 1L << 30;

  /** Channels of a tile that is narrow. */
  private static final int NARROW = 16;

  private static final int THREAD_ELEMENTS = 4;

  private static final int MOST_PARTS = 64;
  private static final int LEAST_PART_PIXELS = 2048;

  private final GpuFamily family;

  GpuConvolutionKernels(GpuFamily family) {
    this.family = family;
  }

  @Override
  public Support support(ConvolutionSpec spec) {
    long most = Math.max(spec.weights(), Math.max(spec.inputs(), spec.outputs()));
    return most < MOST
        ? Support.yes()
        : Support.no(
            "GPUs convolve with fewer than 2^30 weights and channels, not %d.".formatted(most));
  }

  @Override
  public ConvolutionPlan prepare(ConvolutionSpec spec) {
    family.build();
    return new Convolution(spec, family);
  }

  private record Convolution(ConvolutionSpec spec, GpuFamily family) implements ConvolutionPlan {
    @Override
    public long scratchBytes(SpatialExtent extent) {
      return parts(extent) * spec.weights() * Float.BYTES;
    }

    @Override
    public void forward(
        SpatialExtent extent, Span x, Span weight, @Nullable Span bias, Span out, Span scratch) {
      Window y = spec.vertical();
      Window z = spec.horizontal();
      Launch kernel = convolve(spec.outputs());
      kernel.tensor(x).tensor(weight).tensorOrNull(bias).tensor(out);
      images(kernel, spec.result(extent), extent)
          .scalar(y.stride())
          .scalar(z.stride())
          .scalar(-y.padding())
          .scalar(-z.padding())
          .scalar(y.dilation())
          .scalar(z.dilation())
          .scalar(1)
          .scalar(1)
          .scalar(taps())
          .scalar((int) (spec.inputs() / spec.groups()) * taps())
          .scalar(spec.relu() ? 1 : 0)
          .enqueue(tiles(spec.result(extent)));
    }

    @Override
    public void inputGradient(
        SpatialExtent extent, Span gradient, Span weight, Span out, Span scratch) {
      Window y = spec.vertical();
      Window z = spec.horizontal();
      Launch kernel = convolve(spec.inputs());
      kernel.tensor(gradient).tensor(weight).tensorOrNull(null).tensor(out);
      images(kernel, extent, spec.result(extent))
          .scalar(1)
          .scalar(1)
          .scalar(y.padding())
          .scalar(z.padding())
          .scalar(-y.dilation())
          .scalar(-z.dilation())
          .scalar(y.stride())
          .scalar(z.stride())
          .scalar((int) (spec.inputs() / spec.groups()) * taps())
          .scalar(taps())
          .scalar(0)
          .enqueue(tiles(extent));
    }

    @Override
    public void weightGradient(
        SpatialExtent extent, Span x, Span gradient, Span out, Span scratch) {
      weightGradient(extent, x, gradient, out, scratch, 0);
    }

    @Override
    public void weightGradientAdd(
        SpatialExtent extent, Span x, Span gradient, Span out, Span scratch) {
      weightGradient(extent, x, gradient, out, scratch, 1);
    }

    private void weightGradient(
        SpatialExtent extent, Span x, Span gradient, Span out, Span scratch, int add) {
      SpatialExtent result = spec.result(extent);
      requireShort(extent);
      requireShort(result);
      Window y = spec.vertical();
      Window z = spec.horizontal();
      long channels = spec.inputs() / spec.groups();
      long outputs = spec.outputs() / spec.groups();
      int rowThreads = channelThreads(outputs);
      long rowTiles = Math.ceilDiv(outputs, THREAD_ELEMENTS * rowThreads);
      long columnTiles = Math.ceilDiv(channels * taps(), otherElements(rowThreads));
      family
          .kernel(outputs <= NARROW ? "weight_partials_narrow" : "weight_partials_wide")
          .tensor(x)
          .tensor(gradient)
          .scratch(scratch, 0, Float.BYTES)
          .scalar(pixels(result))
          .scalar(partPixels(pixels(result)))
          .scalar((int) result.height())
          .scalar((int) result.width())
          .scalar((int) extent.height())
          .scalar((int) extent.width())
          .scalar((int) channels)
          .scalar((int) outputs)
          .scalar(spec.groups())
          .scalar(y.kernel())
          .scalar(z.kernel())
          .scalar(y.stride())
          .scalar(z.stride())
          .scalar(y.padding())
          .scalar(z.padding())
          .scalar(y.dilation())
          .scalar(z.dilation())
          .enqueue(parts(extent) * spec.groups() * rowTiles * columnTiles);
      family
          .kernel("weight_total")
          .scratch(scratch, 0, Float.BYTES)
          .tensor(out)
          .scalar(spec.weights())
          .scalar(parts(extent))
          .scalar(add)
          .enqueue(family.geometry().groups(spec.weights()));
    }

    private Launch convolve(long written) {
      boolean narrow = written / spec.groups() <= NARROW;
      return family.kernel(narrow ? "convolve_narrow" : "convolve_wide");
    }

    private Launch images(Launch kernel, SpatialExtent written, SpatialExtent read) {
      requireShort(written);
      requireShort(read);
      return kernel
          .scalar(pixels(written))
          .scalar(spec.weights() / spec.groups())
          .scalar((int) written.height())
          .scalar((int) written.width())
          .scalar((int) read.height())
          .scalar((int) read.width())
          .scalar((int) (read.channels() / spec.groups()))
          .scalar((int) (written.channels() / spec.groups()))
          .scalar(spec.groups())
          .scalar(spec.vertical().kernel())
          .scalar(spec.horizontal().kernel());
    }

    private long tiles(SpatialExtent written) {
      long columns = written.channels() / spec.groups();
      int columnThreads = channelThreads(columns);
      long columnTiles = Math.ceilDiv(columns, THREAD_ELEMENTS * columnThreads);
      return Math.ceilDiv(pixels(written), otherElements(columnThreads))
          * spec.groups()
          * columnTiles;
    }

    /** The elements of a tile along the axis that is not of channels. */
    private long otherElements(int channelThreads) {
      return (long) THREAD_ELEMENTS * (family.geometry().group() / channelThreads);
    }

    private static int channelThreads(long channels) {
      return channels <= NARROW ? NARROW / THREAD_ELEMENTS : NARROW;
    }

    private int taps() {
      return spec.vertical().kernel() * spec.horizontal().kernel();
    }

    private long parts(SpatialExtent extent) {
      long pixels = pixels(spec.result(extent));
      return Math.max(1, Math.ceilDiv(pixels, partPixels(pixels)));
    }

    private static long partPixels(long pixels) {
      return Math.max(LEAST_PART_PIXELS, Math.ceilDiv(pixels, MOST_PARTS));
    }

    private static long pixels(SpatialExtent extent) {
      return extent.images() * extent.height() * extent.width();
    }

    /** Places within an axis are counted in 32 bits. */
    private void requireShort(SpatialExtent extent) {
      long height = extent.height() + 2L * spec.vertical().padding() + spec.vertical().reach();
      long width = extent.width() + 2L * spec.horizontal().padding() + spec.horizontal().reach();
      if (Math.max(height, width) >= MOST) {
        throw new IllegalArgumentException(
            "GPUs convolve images whose axes with padding and window have fewer than 2^30 elements, not %d x %d."
                .formatted(extent.height(), extent.width()));
      }
    }
  }
}
