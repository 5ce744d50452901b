package dev.quern.reference.spatial;

import dev.quern.DType;
import dev.quern.reference.element.Elements;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.spatial.ConvolutionKernels;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import org.jspecify.annotations.Nullable;

/** Convolutions by their definition: one double accumulator an element. */
public final class ReferenceConvolutionKernels implements ConvolutionKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : ConvolutionKernels.super.support(dtype);
  }

  @Override
  public ConvolutionPlan prepare(ConvolutionSpec spec) {
    return new Convolution(spec, spec.inputs() / spec.groups(), spec.outputs() / spec.groups());
  }

  /**
   * Element (k, c, r, s) of the weights connects output k with input c of its group.
   *
   * @param spec what is computed
   * @param inputs of a group
   * @param outputs of a group
   */
  private record Convolution(ConvolutionSpec spec, long inputs, long outputs)
      implements ConvolutionPlan {
    @Override
    public long scratchBytes(SpatialExtent extent) {
      return 1;
    }

    @Override
    public void forward(
        SpatialExtent in, Span x, Span weight, @Nullable Span bias, Span out, Span scratch) {
      Elements source = Elements.of(x);
      Elements weights = Elements.of(weight);
      Elements shift = bias == null ? null : Elements.of(bias);
      Elements target = Elements.of(out);
      SpatialExtent result = spec.result(in);
      long at = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long p = 0; p < result.height(); p++) {
          for (long q = 0; q < result.width(); q++) {
            for (long k = 0; k < spec.outputs(); k++, at++) {
              double sum = products(in, source, weights, n, p, q, k);
              sum += shift == null ? 0 : shift.get(k);
              target.set(at, spec.relu() ? Math.max(sum, 0) : sum);
            }
          }
        }
      }
    }

    private double products(
        SpatialExtent in, Elements x, Elements weight, long n, long p, long q, long k) {
      double sum = 0;
      for (int r = 0; r < spec.vertical().kernel(); r++) {
        long y = element(spec.vertical(), p, r);
        for (int s = 0; s < spec.horizontal().kernel(); s++) {
          long z = element(spec.horizontal(), q, s);
          if (y < 0 || y >= in.height() || z < 0 || z >= in.width()) {
            continue;
          }
          long pixel = (n * in.height() + y) * in.width() + z;
          long first = pixel * spec.inputs() + k / outputs * inputs;
          for (long c = 0; c < inputs; c++) {
            sum += x.get(first + c) * weight.get(weight(k, c, r, s));
          }
        }
      }
      return sum;
    }

    @Override
    public void inputGradient(
        SpatialExtent in, Span gradient, Span weight, Span out, Span scratch) {
      Elements source = Elements.of(gradient);
      Elements weights = Elements.of(weight);
      Elements target = Elements.of(out);
      long at = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long y = 0; y < in.height(); y++) {
          for (long z = 0; z < in.width(); z++) {
            for (long c = 0; c < spec.inputs(); c++, at++) {
              target.set(at, gathered(spec.result(in), source, weights, n, y, z, c));
            }
          }
        }
      }
    }

    private double gathered(
        SpatialExtent result, Elements gradient, Elements weight, long n, long y, long z, long c) {
      double sum = 0;
      for (int r = 0; r < spec.vertical().kernel(); r++) {
        long p = place(spec.vertical(), y, r, result.height());
        for (int s = 0; s < spec.horizontal().kernel(); s++) {
          long q = place(spec.horizontal(), z, s, result.width());
          if (p < 0 || q < 0) {
            continue;
          }
          long pixel = (n * result.height() + p) * result.width() + q;
          long group = c / inputs;
          for (long k = group * outputs; k < (group + 1) * outputs; k++) {
            double g = gradient.get(pixel * spec.outputs() + k);
            sum += g * weight.get(weight(k, c % inputs, r, s));
          }
        }
      }
      return sum;
    }

    @Override
    public void weightGradient(SpatialExtent in, Span x, Span gradient, Span out, Span scratch) {
      Elements target = Elements.of(out);
      for (long i = 0; i < spec.weights(); i++) {
        target.set(i, slope(in, Elements.of(x), Elements.of(gradient), i));
      }
    }

    @Override
    public void weightGradientAdd(SpatialExtent in, Span x, Span gradient, Span out, Span scratch) {
      Elements target = Elements.of(out);
      for (long i = 0; i < spec.weights(); i++) {
        double slope = slope(in, Elements.of(x), Elements.of(gradient), i);
        target.set(i, target.get(i) + target.round(slope));
      }
    }

    /** The gradient of one weight. */
    private double slope(SpatialExtent in, Elements x, Elements gradient, long weight) {
      SpatialExtent result = spec.result(in);
      int s = (int) (weight % spec.horizontal().kernel());
      long left = weight / spec.horizontal().kernel();
      int r = (int) (left % spec.vertical().kernel());
      left /= spec.vertical().kernel();
      long k = left / inputs;
      long c = k / outputs * inputs + left % inputs;
      double sum = 0;
      for (long n = 0; n < in.images(); n++) {
        for (long p = 0; p < result.height(); p++) {
          long y = element(spec.vertical(), p, r);
          for (long q = 0; q < result.width(); q++) {
            long z = element(spec.horizontal(), q, s);
            if (y >= 0 && y < in.height() && z >= 0 && z < in.width()) {
              long from = (n * in.height() + y) * in.width() + z;
              long to = (n * result.height() + p) * result.width() + q;
              sum += x.get(from * spec.inputs() + c) * gradient.get(to * spec.outputs() + k);
            }
          }
        }
      }
      return sum;
    }

    private long weight(long k, long c, int r, int s) {
      return ((k * inputs + c) * spec.vertical().kernel() + r) * spec.horizontal().kernel() + s;
    }
  }

  /** The element that a window in some place takes with its i-th tap; may lie outside. */
  static long element(Window window, long place, int i) {
    return place * window.stride() - window.padding() + (long) i * window.dilation();
  }

  /** The place in which a window takes an element with its i-th tap, -1 if there is none. */
  private static long place(Window window, long element, int i, long places) {
    long distance = element + window.padding() - (long) i * window.dilation();
    boolean meets = distance >= 0 && distance % window.stride() == 0;
    return meets && distance / window.stride() < places ? distance / window.stride() : -1;
  }
}
