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
 * What a batch normalization writes: streams of elements beside the constants of their channels,
 * that wait for memory. {@code n} elements from byte {@code at} on begin with a first channel. The
 * last, fewer than a vector, go one by one through the same roundings.
 */
final class ChannelLoops {
  private ChannelLoops() {}

  /** out = fma(normalized x, weight, bias). */
  static void forward(
      MemorySegment x, MemorySegment out, long at, int n, boolean relu, ChannelConstants of) {
    for (int done = 0; done < n; done += of.length) {
      int some = Math.min(of.length, n - done);
      int whole = some / LANES * LANES;
      long o = at + 4L * done;
      if (relu) {
        forwardRelu(x, out, o, whole, of);
      } else {
        forwardVectors(x, out, o, whole, of);
      }
      for (int i = whole; i < some; i++) {
        float y = Math.fma(normalized(x, o, i, of), of.weight[i], of.bias[i]);
        out.set(JAVA_FLOAT_UNALIGNED, o + 4L * i, relu && y <= 0 ? 0 : y);
      }
    }
  }

  private static float normalized(MemorySegment x, long at, int i, ChannelConstants of) {
    float v = x.get(JAVA_FLOAT_UNALIGNED, at + 4L * i);
    return (v - of.mean[i] - of.remainder[i]) * of.inverse[i];
  }

  private static void forwardVectors(
      MemorySegment x, MemorySegment out, long at, int n, ChannelConstants of) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o).sub(FloatVector.fromArray(SPECIES, mean, i));
      v = v.sub(FloatVector.fromArray(SPECIES, remainder, i));
      v = v.mul(FloatVector.fromArray(SPECIES, inverse, i));
      v = v.fma(FloatVector.fromArray(SPECIES, weight, i), FloatVector.fromArray(SPECIES, bias, i));
      store(v, out, o);
    }
  }

  private static void forwardRelu(
      MemorySegment x, MemorySegment out, long at, int n, ChannelConstants of) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o).sub(FloatVector.fromArray(SPECIES, mean, i));
      v = v.sub(FloatVector.fromArray(SPECIES, remainder, i));
      v = v.mul(FloatVector.fromArray(SPECIES, inverse, i));
      v = v.fma(FloatVector.fromArray(SPECIES, weight, i), FloatVector.fromArray(SPECIES, bias, i));
      store(v.blend(lanes(0.0f), v.compare(VectorOperators.LE, lanes(0.0f))), out, o);
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
    for (int done = 0; done < n; done += of.length) {
      int some = Math.min(of.length, n - done);
      int whole = some / LANES * LANES;
      long o = at + 4L * done;
      if (training && relu) {
        trainingRelu(g, x, out, o, whole, of);
      } else if (training) {
        training(g, x, out, o, whole, of);
      } else if (relu) {
        inferenceRelu(g, x, out, o, whole, of);
      } else {
        inference(g, out, o, whole, of);
      }
      for (int i = whole; i < some; i++) {
        float normalized = normalized(x, o, i, of);
        float passed = g.get(JAVA_FLOAT_UNALIGNED, o + 4L * i);
        if (relu && Math.fma(normalized, of.weight[i], of.bias[i]) <= 0) {
          passed = 0;
        }
        float rest =
            training ? Math.fma(normalized, -of.product[i], passed - of.gradient[i]) : passed;
        out.set(JAVA_FLOAT_UNALIGNED, o + 4L * i, rest * of.slope[i]);
      }
    }
  }

  private static void training(
      MemorySegment g, MemorySegment x, MemorySegment out, long at, int n, ChannelConstants of) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] gradient = of.gradient;
    float[] product = of.product;
    float[] slope = of.slope;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o).sub(FloatVector.fromArray(SPECIES, mean, i));
      v = v.sub(FloatVector.fromArray(SPECIES, remainder, i));
      v = v.mul(FloatVector.fromArray(SPECIES, inverse, i));
      FloatVector d = load(g, o).sub(FloatVector.fromArray(SPECIES, gradient, i));
      d = v.fma(FloatVector.fromArray(SPECIES, product, i).neg(), d);
      store(d.mul(FloatVector.fromArray(SPECIES, slope, i)), out, o);
    }
  }

  private static void trainingRelu(
      MemorySegment g, MemorySegment x, MemorySegment out, long at, int n, ChannelConstants of) {
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
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o).sub(FloatVector.fromArray(SPECIES, mean, i));
      v = v.sub(FloatVector.fromArray(SPECIES, remainder, i));
      v = v.mul(FloatVector.fromArray(SPECIES, inverse, i));
      FloatVector y =
          v.fma(FloatVector.fromArray(SPECIES, weight, i), FloatVector.fromArray(SPECIES, bias, i));
      FloatVector d = load(g, o).blend(lanes(0.0f), y.compare(VectorOperators.LE, lanes(0.0f)));
      d = d.sub(FloatVector.fromArray(SPECIES, gradient, i));
      d = v.fma(FloatVector.fromArray(SPECIES, product, i).neg(), d);
      store(d.mul(FloatVector.fromArray(SPECIES, slope, i)), out, o);
    }
  }

  private static void inference(
      MemorySegment g, MemorySegment out, long at, int n, ChannelConstants of) {
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    float[] slope = of.slope;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      store(load(g, o).mul(FloatVector.fromArray(SPECIES, slope, i)), out, o);
    }
  }

  private static void inferenceRelu(
      MemorySegment g, MemorySegment x, MemorySegment out, long at, int n, ChannelConstants of) {
    g = NativeMemory.known(g);
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    float[] mean = of.mean;
    float[] remainder = of.remainder;
    float[] inverse = of.inverse;
    float[] weight = of.weight;
    float[] bias = of.bias;
    float[] slope = of.slope;
    for (int i = 0; i < n; i += LANES) {
      long o = at + 4L * i;
      FloatVector v = load(x, o).sub(FloatVector.fromArray(SPECIES, mean, i));
      v = v.sub(FloatVector.fromArray(SPECIES, remainder, i));
      v = v.mul(FloatVector.fromArray(SPECIES, inverse, i));
      FloatVector y =
          v.fma(FloatVector.fromArray(SPECIES, weight, i), FloatVector.fromArray(SPECIES, bias, i));
      FloatVector d = load(g, o).blend(lanes(0.0f), y.compare(VectorOperators.LE, lanes(0.0f)));
      store(d.mul(FloatVector.fromArray(SPECIES, slope, i)), out, o);
    }
  }
}
