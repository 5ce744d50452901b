package dev.quern.simd.convolution;

import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * A row of results of one panel, between the tiles and memory. The tiles write whole vectors and
 * whole tiles here; what lies beyond the outputs or the row is left behind, and bias and ReLU are
 * applied on the way out, so that the tiles need no variants.
 */
final class ResultRow {
  private float[] elements = {};

  /** Returns an array for so many elements. */
  float[] atLeast(int size) {
    if (elements.length < size) {
      elements = new float[size];
    }
    return elements;
  }

  /** Adds the bias of a panel. */
  void add(float[] bias, int at, int pixels, int width) {
    for (int v = 0; v < width; v += LANES) {
      add(elements, v, width, pixels, bias, at + v);
    }
  }

  private static void add(float[] y, int at, int step, int pixels, float[] bias, int biasAt) {
    for (int p = 0; p < pixels; p++) {
      int i = at + p * step;
      FloatVector.fromArray(SPECIES, y, i)
          .add(FloatVector.fromArray(SPECIES, bias, biasAt))
          .intoArray(y, i);
    }
  }

  /** Takes the greater of 0 and each result; NaN stays. */
  void relu(int size) {
    float[] y = elements;
    for (int i = 0; i < size; i += LANES) {
      FloatVector.fromArray(SPECIES, y, i).max(0).intoArray(y, i);
    }
  }

  /**
   * Writes the results.
   *
   * @param pixels how many
   * @param width from one pixel to the next here
   * @param outputs how many of a pixel's are wanted
   * @param out where they go
   * @param at the place of the first, in bytes
   * @param step from one pixel to the next there, in bytes
   */
  void write(int pixels, int width, int outputs, MemorySegment out, long at, long step) {
    if (outputs == width && step == 4L * width) {
      MemorySegment.copy(elements, 0, out, JAVA_FLOAT, at, pixels * width);
      return;
    }
    int whole = outputs / LANES * LANES;
    if (whole > 0) {
      vectors(elements, pixels, width, whole, out, at, step);
    }
    if (whole < outputs) {
      rest(elements, pixels, width, whole, outputs, out, at, step);
    }
  }

  private static void vectors(
      float[] y, int pixels, int width, int whole, MemorySegment out, long at, long step) {
    out = NativeMemory.known(out);
    for (int p = 0; p < pixels; p++) {
      for (int v = 0; v < whole; v += LANES) {
        store(FloatVector.fromArray(SPECIES, y, p * width + v), out, at + p * step + 4L * v);
      }
    }
  }

  private static void rest(
      float[] y, int pixels, int width, int first, int end, MemorySegment out, long at, long step) {
    for (int p = 0; p < pixels; p++) {
      for (int k = first; k < end; k++) {
        out.set(JAVA_FLOAT, at + p * step + 4L * k, y[p * width + k]);
      }
    }
  }
}
