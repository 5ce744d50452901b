package dev.quern.reference.spatial;

import dev.quern.DType;
import dev.quern.reference.element.Elements;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.spatial.ResamplingKernels;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.UpsamplingPlan;
import dev.quern.spi.spatial.UpsamplingSpec;

/** Upsampling, one pixel of the result after the other. */
public final class ReferenceResamplingKernels implements ResamplingKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : ResamplingKernels.super.support(dtype);
  }

  @Override
  public UpsamplingPlan prepare(UpsamplingSpec spec) {
    return new Upsampling(spec);
  }

  /**
   * Between which elements an element of a longer axis lies.
   *
   * @param before the one before it
   * @param after the one behind it, the same at the end
   * @param share of the one behind
   */
  private record Between(long before, long after, double share) {}

  private record Upsampling(UpsamplingSpec spec) implements UpsamplingPlan {
    @Override
    public void forward(SpatialExtent in, Span x, Span out) {
      Elements source = Elements.of(x);
      Elements target = Elements.of(out);
      SpatialExtent result = spec.result(in);
      long channels = in.channels();
      for (long n = 0; n < in.images(); n++) {
        for (long row = 0; row < result.height(); row++) {
          Between v = between(row, in.height(), spec.vertical());
          for (long column = 0; column < result.width(); column++) {
            Between h = between(column, in.width(), spec.horizontal());
            long above = (n * in.height() + v.before) * in.width();
            long below = (n * in.height() + v.after) * in.width();
            long to = (n * result.height() + row) * result.width() + column;
            for (long c = 0; c < channels; c++) {
              double a = source.get((above + h.before) * channels + c);
              double b = source.get((above + h.after) * channels + c);
              double d = source.get((below + h.before) * channels + c);
              double e = source.get((below + h.after) * channels + c);
              target.set(to * channels + c, mix(mix(a, b, h.share), mix(d, e, h.share), v.share));
            }
          }
        }
      }
    }

    /** An element of weight 0 is not looked at. */
    private static double mix(double before, double after, double share) {
      return share == 0 ? before : before * (1 - share) + after * share;
    }

    @Override
    public void backward(SpatialExtent in, Span gradient, Span out) {
      Elements source = Elements.of(gradient);
      Elements target = Elements.of(out);
      SpatialExtent result = spec.result(in);
      for (long n = 0; n < in.images(); n++) {
        for (long y = 0; y < in.height(); y++) {
          for (long z = 0; z < in.width(); z++) {
            long to = (n * in.height() + y) * in.width() + z;
            for (long c = 0; c < in.channels(); c++) {
              target.set(to * in.channels() + c, gathered(in, result, source, n, y, z, c));
            }
          }
        }
      }
    }

    private double gathered(
        SpatialExtent in, SpatialExtent result, Elements gradient, long n, long y, long z, long c) {
      double sum = 0;
      for (long row = 0; row < result.height(); row++) {
        double v = weight(between(row, in.height(), spec.vertical()), y);
        for (long column = 0; v != 0 && column < result.width(); column++) {
          double h = weight(between(column, in.width(), spec.horizontal()), z);
          if (h != 0) {
            long from = (n * result.height() + row) * result.width() + column;
            sum += v * h * gradient.get(from * in.channels() + c);
          }
        }
      }
      return sum;
    }

    private static double weight(Between between, long element) {
      return (between.before == element ? 1 - between.share : 0)
          + (between.after == element ? between.share : 0);
    }

    /** Where element i of the result lies on an axis of some length. */
    private Between between(long i, long length, int scale) {
      long numerator =
          switch (spec.interpolation()) {
            case NEAREST -> i / scale;
            case BILINEAR -> Math.max(0, 2 * i + 1 - scale);
            case BILINEAR_ALIGNED -> i * (length - 1);
          };
      long denominator =
          switch (spec.interpolation()) {
            case NEAREST -> 1;
            case BILINEAR -> 2L * scale;
            case BILINEAR_ALIGNED -> Math.max(1, length * scale - 1);
          };
      long before = numerator / denominator;
      long after = Math.min(before + 1, length - 1);
      double share = (double) (numerator % denominator) / denominator;
      return new Between(before, after, after == before ? 0 : share);
    }
  }
}
