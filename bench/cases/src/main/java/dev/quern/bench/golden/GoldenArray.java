package dev.quern.bench.golden;

import java.util.Arrays;
import tools.jackson.databind.JsonNode;

/**
 * An array of a golden case: {@code {"dtype": ..., "shape": [...], "data": [flat, row-major]}}.
 * Every dtype of the files fits a double exactly.
 */
final class GoldenArray {

  private final long[] shape;
  private final double[] data;

  private GoldenArray(long[] shape, double[] data) {
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
    return new GoldenArray(shape, data);
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

  /** Whether every element is a whole number from 0 to 255. */
  boolean fitsBytes() {
    return Arrays.stream(data).allMatch(v -> v >= 0 && v <= 255 && v == Math.rint(v));
  }

  /** The elements as unsigned bytes. */
  byte[] bytes() {
    byte[] bytes = new byte[data.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (int) data[i];
    }
    return bytes;
  }
}
