package dev.quern.bench.golden;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Tolerance;
import java.util.Arrays;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * An array of a golden case: {@code {"dtype": ..., "shape": [...], "data": [flat, row-major]}}.
 * Every dtype of the files fits a double exactly.
 */
final class GoldenArray {

  private final String dtype;
  private final long[] shape;
  private final double[] data;

  private GoldenArray(String dtype, long[] shape, double[] data) {
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  static GoldenArray of(JsonNode node) {
    JsonNode dims = node.required("shape");
    long[] shape = new long[dims.size()];
    long size = 1;
    for (int i = 0; i < shape.length; i++) {
      shape[i] = dims.get(i).longValue();
      size *= shape[i];
    }
    JsonNode values = node.required("data");
    double[] data = new double[values.size()];
    for (int i = 0; i < data.length; i++) {
      JsonNode value = values.get(i);
      data[i] = value.isBoolean() ? (value.booleanValue() ? 1 : 0) : value.doubleValue();
    }
    if (size != data.length) {
      throw new IllegalArgumentException(
          "A golden array of shape "
              + Arrays.toString(shape)
              + " holds "
              + data.length
              + " elements.");
    }
    return new GoldenArray(node.required("dtype").stringValue(), shape, data);
  }

  /** Whether the elements are labels and not floating-point numbers. */
  boolean isInteger() {
    return !dtype.startsWith("f");
  }

  long[] shape() {
    return shape.clone();
  }

  double[] doubles() {
    return data.clone();
  }

  /** The elements as floats; those of an f32 array exactly. */
  float[] floats() {
    float[] floats = new float[data.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) data[i];
    }
    return floats;
  }

  /** The elements on a device as F32. */
  Tensor upload(Engine engine) {
    return engine.tensor(floats(), shape);
  }

  /** The elements on a device as F32, U8, I32 or I64. */
  Tensor upload(Engine engine, DType dtype) {
    int[] ints = Arrays.stream(data).mapToInt(v -> (int) v).toArray();
    return engine.upload(HostArray.of(dtype, ints).segment(), dtype, Shape.of(shape));
  }

  /** The elements of a target on a device: U8 if they are labels that fit, else F32. */
  Tensor uploadTarget(Engine engine) {
    boolean fitsBytes = isInteger() && Arrays.stream(data).allMatch(v -> v >= 0 && v <= 255);
    return fitsBytes ? engine.tensor(bytes(), shape) : upload(engine);
  }

  /** Compares an F32 tensor of the same shape. */
  Optional<String> compare(String what, Tensor actual, Tolerance tolerance) {
    return actual.shape().equals(Shape.of(shape))
        ? tolerance.compare(what, data, Doubles.of(actual.toFloatArray()))
        : Optional.of(
            "%s has shape %s instead of %s".formatted(what, actual.shape(), Shape.of(shape)));
  }

  private byte[] bytes() {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) data[i];
    }
    return bytes;
  }
}
