package dev.quern.simd.convolution;

import static dev.quern.simd.math.VectorMath.LANES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a {@link Correlation} in the order in which the tiles read them: group, panel, row
 * of taps, input, tap, and the outputs of the panel side by side. Packed anew by every call, as
 * weights change with every step; the memory is kept.
 */
final class PackedWeights {
  private float[] elements = {};
  private float[] bias = {};
  private boolean biased;

  /** Packs weights as they lie, (outputs, inputs, rows, columns) group by group. */
  void forward(Correlation correlation, MemorySegment weight, @Nullable MemorySegment bias) {
    int window = correlation.vertical().kernel() * correlation.horizontal().kernel();
    pack(correlation, weight, (long) correlation.inputs() * window, window, false);
    packBias(correlation, bias);
  }

  /** Packs the same weights with inputs and outputs exchanged and the taps turned around. */
  void inputGradient(Correlation correlation, MemorySegment weight) {
    int window = correlation.vertical().kernel() * correlation.horizontal().kernel();
    pack(correlation, weight, window, (long) correlation.outputs() * window, true);
    packBias(correlation, null);
  }

  private void pack(
      Correlation of, MemorySegment weight, long outputStep, long inputStep, boolean reverse) {
    int columns = of.horizontal().kernel();
    int window = of.vertical().kernel() * columns;
    long size = (long) of.groups() * Panels.padded(of.outputs()) * of.taps();
    if (elements.length < size) {
      elements = new float[Math.toIntExact(size)];
    }
    int to = 0;
    for (int group = 0; group < of.groups(); group++) {
      long groupAt = (long) group * of.outputs() * of.inputs() * window;
      int width;
      for (int k = 0; k < of.outputs(); k += width) {
        width = Panels.vectors(of.outputs() - k, of.taps()) * LANES;
        int inside = Math.min(width, of.outputs() - k);
        for (int row = 0; row < window; row += columns) {
          for (int c = 0; c < of.inputs(); c++) {
            long from = groupAt + k * outputStep + c * inputStep;
            for (int t = row; t < row + columns; t++) {
              lane(weight, from + (reverse ? window - 1 - t : t), outputStep, inside, width, to);
              to += width;
            }
          }
        }
      }
    }
  }

  private void lane(MemorySegment weight, long from, long step, int inside, int width, int to) {
    for (int i = 0; i < inside; i++) {
      elements[to + i] = weight.getAtIndex(JAVA_FLOAT, from + i * step);
    }
    for (int i = inside; i < width; i++) {
      elements[to + i] = 0;
    }
  }

  private void packBias(Correlation of, @Nullable MemorySegment from) {
    biased = from != null;
    if (from == null) {
      return;
    }
    int padded = Panels.padded(of.outputs());
    if (bias.length < of.groups() * padded) {
      bias = new float[of.groups() * padded];
    }
    for (int group = 0; group < of.groups(); group++) {
      MemorySegment.copy(
          from, JAVA_FLOAT, 4L * group * of.outputs(), bias, group * padded, of.outputs());
    }
  }

  float[] elements() {
    return elements;
  }

  /** What is added to the results, each group filled up to whole vectors; null for nothing. */
  float @Nullable [] bias() {
    return biased ? bias : null;
  }
}
