package dev.quern.simd.normalization;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * What a batch normalization writes: streams of elements beside the constants of their channels.
 * {@code n} elements from byte {@code at} on begin with a first channel.
 *
 * <ul>
 *   <li>Four stretches as long as the constants are laid out are walked side by side, so that a
 *       constant is loaded once for four vectors; loaded for each, they took twice as long in the
 *       caches and a fifth longer from memory. What is left goes one stretch at a time, and the
 *       last elements, fewer than a vector, one by one, through the same roundings. The gradient in
 *       training takes two side by side: four are more than C2 inlines, and then every vector is an
 *       object on the heap.
 *   <li>ReLU makes 0 of what is at most a limit: 0, or NaN where there is no ReLU.
 * </ul>
 */
final class ChannelLoops {
  private ChannelLoops() {}

  /** What is at most this is made 0. */
  static float limit(boolean relu) {
    return relu ? 0 : Float.NaN;
  }

  private static float normalized(MemorySegment x, long at, int i, ChannelConstants of) {
    float v = x.get(JAVA_FLOAT_UNALIGNED, at + 4L * i);
    return (v - of.mean[i] - of.remainder[i]) * of.inverse[i];
  }

  /** out = fma(normalized x, weight, bias). */
  static void forward(
      MemorySegment x, MemorySegment out, long at, int n, boolean relu, ChannelConstants of) {
    float limit = limit(relu);
    int done = 0;
    for (; done + 4 * of.length <= n; done += 4 * of.length) {
      forwardFour(x, out, at + 4L * done, limit, of);
    }
    for (; done < n; done += of.length) {
      int some = Math.min(of.length, n - done);
      int whole = some / LANES * LANES;
      long o = at + 4L * done;
      forwardOne(x, out, o, whole, limit, of);
      for (int i = whole; i < some; i++) {
        float y = Math.fma(normalized(x, o, i, of), of.weight[i], of.bias[i]);
        out.set(JAVA_FLOAT_UNALIGNED, o + 4L * i, y <= limit ? 0 : y);
      }
    }
  }

  /**
   * out = slope * g, less the means in training; g is 0 where ReLU made a 0.
   *
   * @param relu whether it comes after
   * @param training whether the means are subtracted
   */
  static void backward(
      MemorySegment g,
      MemorySegment x,
      MemorySegment out,
      long at,
      int n,
      boolean relu,
      boolean training,
      ChannelConstants of) {
    float limit = limit(relu);
    int done = 0;
    if (training) {
      for (; done + 2 * of.length <= n; done += 2 * of.length) {
        trainingTwo(g, x, out, at + 4L * done, limit, of);
      }
    } else {
      for (; done + 4 * of.length <= n; done += 4 * of.length) {
        inferenceFour(g, x, out, at + 4L * done, limit, of);
      }
    }
    for (; done < n; done += of.length) {
      int some = Math.min(of.length, n - done);
      int whole = some / LANES * LANES;
      long o = at + 4L * done;
      if (training) {
        trainingOne(g, x, out, o, whole, limit, of);
      } else {
        inferenceOne(g, x, out, o, whole, limit, of);
      }
      for (int i = whole; i < some; i++) {
        float normalized = normalized(x, o, i, of);
        float passed = g.get(JAVA_FLOAT_UNALIGNED, o + 4L * i);
        if (Math.fma(normalized, of.weight[i], of.bias[i]) <= limit) {
          passed = 0;
        }
        float rest =
            training ? Math.fma(normalized, -of.product[i], passed - of.gradient[i]) : passed;
        out.set(JAVA_FLOAT_UNALIGNED, o + 4L * i, rest * of.slope[i]);
      }
    }
  }

  private static void forwardFour(
      MemorySegment x, MemorySegment out, long at, float limit, ChannelConstants of) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    FloatVector most = lanes(limit);
    long step = 4L * of.length;
    int n = of.length;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
      FloatVector r = FloatVector.fromArray(SPECIES, remainder, i);
      FloatVector k = FloatVector.fromArray(SPECIES, inverse, i);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, i);
      FloatVector b = FloatVector.fromArray(SPECIES, bias, i);
      FloatVector v0 = load(x, o).sub(m).sub(r).mul(k);
      FloatVector v1 = load(x, o + step).sub(m).sub(r).mul(k);
      FloatVector v2 = load(x, o + 2 * step).sub(m).sub(r).mul(k);
      FloatVector v3 = load(x, o + 3 * step).sub(m).sub(r).mul(k);
      FloatVector y0 = v0.fma(w, b);
      FloatVector y1 = v1.fma(w, b);
      FloatVector y2 = v2.fma(w, b);
      FloatVector y3 = v3.fma(w, b);
      store(y0.blend(lanes(0.0f), y0.compare(VectorOperators.LE, most)), out, o);
      store(y1.blend(lanes(0.0f), y1.compare(VectorOperators.LE, most)), out, o + step);
      store(y2.blend(lanes(0.0f), y2.compare(VectorOperators.LE, most)), out, o + 2 * step);
      store(y3.blend(lanes(0.0f), y3.compare(VectorOperators.LE, most)), out, o + 3 * step);
    }
  }

  private static void forwardOne(
      MemorySegment x, MemorySegment out, long at, int n, float limit, ChannelConstants of) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    FloatVector most = lanes(limit);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
      FloatVector r = FloatVector.fromArray(SPECIES, remainder, i);
      FloatVector k = FloatVector.fromArray(SPECIES, inverse, i);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, i);
      FloatVector b = FloatVector.fromArray(SPECIES, bias, i);
      FloatVector v = load(x, o).sub(m).sub(r).mul(k);
      FloatVector y = v.fma(w, b);
      store(y.blend(lanes(0.0f), y.compare(VectorOperators.LE, most)), out, o);
    }
  }

  private static void trainingTwo(
      MemorySegment g,
      MemorySegment x,
      MemorySegment out,
      long at,
      float limit,
      ChannelConstants of) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    float[] gradient = of.gradient;
    float[] product = of.product;
    float[] slope = of.slope;
    FloatVector most = lanes(limit);
    long step = 4L * of.length;
    int n = of.length;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
      FloatVector r = FloatVector.fromArray(SPECIES, remainder, i);
      FloatVector k = FloatVector.fromArray(SPECIES, inverse, i);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, i);
      FloatVector b = FloatVector.fromArray(SPECIES, bias, i);
      FloatVector s = FloatVector.fromArray(SPECIES, gradient, i);
      FloatVector p = FloatVector.fromArray(SPECIES, product, i).neg();
      FloatVector f = FloatVector.fromArray(SPECIES, slope, i);
      FloatVector v0 = load(x, o).sub(m).sub(r).mul(k);
      FloatVector d0 =
          load(g, o).blend(lanes(0.0f), v0.fma(w, b).compare(VectorOperators.LE, most));
      store(v0.fma(p, d0.sub(s)).mul(f), out, o);
      FloatVector v1 = load(x, o + step).sub(m).sub(r).mul(k);
      FloatVector d1 =
          load(g, o + step).blend(lanes(0.0f), v1.fma(w, b).compare(VectorOperators.LE, most));
      store(v1.fma(p, d1.sub(s)).mul(f), out, o + step);
    }
  }

  private static void trainingOne(
      MemorySegment g,
      MemorySegment x,
      MemorySegment out,
      long at,
      int n,
      float limit,
      ChannelConstants of) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    float[] gradient = of.gradient;
    float[] product = of.product;
    float[] slope = of.slope;
    FloatVector most = lanes(limit);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
      FloatVector r = FloatVector.fromArray(SPECIES, remainder, i);
      FloatVector k = FloatVector.fromArray(SPECIES, inverse, i);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, i);
      FloatVector b = FloatVector.fromArray(SPECIES, bias, i);
      FloatVector s = FloatVector.fromArray(SPECIES, gradient, i);
      FloatVector p = FloatVector.fromArray(SPECIES, product, i).neg();
      FloatVector f = FloatVector.fromArray(SPECIES, slope, i);
      FloatVector v = load(x, o).sub(m).sub(r).mul(k);
      FloatVector y = v.fma(w, b);
      FloatVector d = load(g, o).blend(lanes(0.0f), y.compare(VectorOperators.LE, most));
      store(v.fma(p, d.sub(s)).mul(f), out, o);
    }
  }

  private static void inferenceFour(
      MemorySegment g,
      MemorySegment x,
      MemorySegment out,
      long at,
      float limit,
      ChannelConstants of) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    float[] slope = of.slope;
    FloatVector most = lanes(limit);
    long step = 4L * of.length;
    int n = of.length;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
      FloatVector r = FloatVector.fromArray(SPECIES, remainder, i);
      FloatVector k = FloatVector.fromArray(SPECIES, inverse, i);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, i);
      FloatVector b = FloatVector.fromArray(SPECIES, bias, i);
      FloatVector f = FloatVector.fromArray(SPECIES, slope, i);
      FloatVector v0 = load(x, o).sub(m).sub(r).mul(k);
      FloatVector v1 = load(x, o + step).sub(m).sub(r).mul(k);
      FloatVector v2 = load(x, o + 2 * step).sub(m).sub(r).mul(k);
      FloatVector v3 = load(x, o + 3 * step).sub(m).sub(r).mul(k);
      FloatVector y0 = v0.fma(w, b);
      FloatVector y1 = v1.fma(w, b);
      FloatVector y2 = v2.fma(w, b);
      FloatVector y3 = v3.fma(w, b);
      FloatVector d0 = load(g, o).blend(lanes(0.0f), y0.compare(VectorOperators.LE, most));
      FloatVector d1 = load(g, o + step).blend(lanes(0.0f), y1.compare(VectorOperators.LE, most));
      FloatVector d2 =
          load(g, o + 2 * step).blend(lanes(0.0f), y2.compare(VectorOperators.LE, most));
      FloatVector d3 =
          load(g, o + 3 * step).blend(lanes(0.0f), y3.compare(VectorOperators.LE, most));
      store(d0.mul(f), out, o);
      store(d1.mul(f), out, o + step);
      store(d2.mul(f), out, o + 2 * step);
      store(d3.mul(f), out, o + 3 * step);
    }
  }

  private static void inferenceOne(
      MemorySegment g,
      MemorySegment x,
      MemorySegment out,
      long at,
      int n,
      float limit,
      ChannelConstants of) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    float[] slope = of.slope;
    FloatVector most = lanes(limit);
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector m = FloatVector.fromArray(SPECIES, mean, i);
      FloatVector r = FloatVector.fromArray(SPECIES, remainder, i);
      FloatVector k = FloatVector.fromArray(SPECIES, inverse, i);
      FloatVector w = FloatVector.fromArray(SPECIES, weight, i);
      FloatVector b = FloatVector.fromArray(SPECIES, bias, i);
      FloatVector f = FloatVector.fromArray(SPECIES, slope, i);
      FloatVector v = load(x, o).sub(m).sub(r).mul(k);
      FloatVector y = v.fma(w, b);
      FloatVector d = load(g, o).blend(lanes(0.0f), y.compare(VectorOperators.LE, most));
      store(d.mul(f), out, o);
    }
  }
}
