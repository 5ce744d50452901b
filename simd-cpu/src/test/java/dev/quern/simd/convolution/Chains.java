package dev.quern.simd.convolution;

import dev.quern.spi.spatial.ConvolutionSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import org.jspecify.annotations.Nullable;

/** Convolutions and their gradients element by element, in the order that the kernels document. */
final class Chains {
  private final ConvolutionSpec spec;
  private final SpatialExtent in;
  private final SpatialExtent result;
  private final int inputs;
  private final int outputs;

  private Chains(ConvolutionSpec spec, SpatialExtent in) {
    this.spec = spec;
    this.in = in;
    this.result = spec.result(in);
    this.inputs = (int) spec.inputs() / spec.groups();
    this.outputs = (int) spec.outputs() / spec.groups();
  }

  /** The index of an element of the operand; -1 if it is outside. */
  private int operand(int n, long y, long x, int channel) {
    boolean inside = y >= 0 && y < in.height() && x >= 0 && x < in.width();
    return inside ? (int) (((n * in.height() + y) * in.width() + x) * in.channels() + channel) : -1;
  }

  private int result(int n, long y, long x, int channel) {
    boolean inside = y >= 0 && y < result.height() && x >= 0 && x < result.width();
    return inside
        ? (int) (((n * result.height() + y) * result.width() + x) * result.channels() + channel)
        : -1;
  }

  private int weight(int k, int c, int r, int s) {
    return ((k * inputs + c) * spec.vertical().kernel() + r) * spec.horizontal().kernel() + s;
  }

  private static long place(Window window, long result, int tap) {
    return result * window.stride() - window.padding() + (long) tap * window.dilation();
  }

  /** The result that sees an element with a tap; -1 if there is none. */
  private static long seenBy(Window window, long element, int tap) {
    long start = element + window.padding() - (long) tap * window.dilation();
    return start % window.stride() == 0 ? start / window.stride() : -1;
  }

  static float[] forward(
      ConvolutionSpec spec, SpatialExtent in, float[] x, float[] w, float @Nullable [] bias) {
    Chains at = new Chains(spec, in);
    float[] out = new float[(int) at.result.elements()];
    for (int i = 0; i < out.length; i++) {
      int k = (int) (i % at.result.channels());
      long pixel = i / at.result.channels();
      long column = pixel % at.result.width();
      long row = pixel / at.result.width() % at.result.height();
      int n = (int) (pixel / at.result.width() / at.result.height());
      float sum = 0;
      for (int r = 0; r < spec.vertical().kernel(); r++) {
        for (int c = 0; c < at.inputs; c++) {
          for (int s = 0; s < spec.horizontal().kernel(); s++) {
            int from =
                at.operand(
                    n,
                    place(spec.vertical(), row, r),
                    place(spec.horizontal(), column, s),
                    k / at.outputs * at.inputs + c);
            sum = from < 0 ? sum : Math.fma(x[from], w[at.weight(k, c, r, s)], sum);
          }
        }
      }
      sum = bias == null ? sum : sum + bias[k];
      out[i] = spec.relu() ? Math.max(sum, 0) : sum;
    }
    return out;
  }

  static float[] inputGradient(
      ConvolutionSpec spec, SpatialExtent in, float[] gradient, float[] w) {
    Chains at = new Chains(spec, in);
    float[] out = new float[(int) in.elements()];
    for (int i = 0; i < out.length; i++) {
      int channel = (int) (i % in.channels());
      int group = channel / at.inputs;
      long pixel = i / in.channels();
      long column = pixel % in.width();
      long row = pixel / in.width() % in.height();
      int n = (int) (pixel / in.width() / in.height());
      float sum = 0;
      for (int r = spec.vertical().kernel() - 1; r >= 0; r--) {
        for (int k = group * at.outputs; k < (group + 1) * at.outputs; k++) {
          for (int s = spec.horizontal().kernel() - 1; s >= 0; s--) {
            int from =
                at.result(
                    n, seenBy(spec.vertical(), row, r), seenBy(spec.horizontal(), column, s), k);
            float weight = w[at.weight(k, channel % at.inputs, r, s)];
            sum = from < 0 ? sum : Math.fma(gradient[from], weight, sum);
          }
        }
      }
      out[i] = sum;
    }
    return out;
  }

  static float[] weightGradient(
      ConvolutionSpec spec, SpatialExtent in, float[] x, float[] gradient) {
    Chains at = new Chains(spec, in);
    WeightGradientParts parts = new WeightGradientParts(spec, in);
    float[] out = new float[(int) spec.weights()];
    for (int k = 0; k < spec.outputs(); k++) {
      for (int c = 0; c < at.inputs; c++) {
        for (int r = 0; r < spec.vertical().kernel(); r++) {
          for (int s = 0; s < spec.horizontal().kernel(); s++) {
            double sum = 0;
            for (long part = 0; part < parts.count(); part++) {
              sum += at.part(parts, part, k, c, r, s, x, gradient);
            }
            out[at.weight(k, c, r, s)] = (float) sum;
          }
        }
      }
    }
    return out;
  }

  private float part(
      WeightGradientParts parts,
      long part,
      int k,
      int c,
      int r,
      int s,
      float[] x,
      float[] gradient) {
    float sum = 0;
    long next;
    for (long row = parts.start(part); row < parts.start(part + 1); row = next) {
      long imageEnd = (row / result.height() + 1) * result.height();
      next = Math.min(Math.min(imageEnd, parts.start(part + 1)), row + parts.band());
      int first = parts.sharesTaps() ? parts.firstShared() - s : 0;
      int end = parts.sharesTaps() ? parts.endShared() - s : (int) result.width();
      sum = chain(row, next, 0, first, k, c, r, s, x, gradient, sum);
      sum = chain(row, next, first, end, k, c, r, s, x, gradient, sum);
      sum = chain(row, next, end, (int) result.width(), k, c, r, s, x, gradient, sum);
    }
    return sum;
  }

  private float chain(
      long firstRow,
      long endRow,
      int first,
      int end,
      int k,
      int c,
      int r,
      int s,
      float[] x,
      float[] gradient,
      float sum) {
    for (long row = firstRow; row < endRow; row++) {
      int n = (int) (row / result.height());
      long y = row % result.height();
      for (int column = Math.max(0, first); column < Math.min(end, result.width()); column++) {
        int from =
            operand(
                n,
                place(spec.vertical(), y, r),
                place(spec.horizontal(), column, s),
                k / outputs * inputs + c);
        if (from >= 0) {
          sum = Math.fma(x[from], gradient[result(n, y, column, k)], sum);
        }
      }
    }
    return sum;
  }
}
