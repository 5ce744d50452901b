package dev.quern.simd.convolution;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The rectangle of a source that some results see, copied into an array: with the zeros of the
 * padding, and those between the elements of a source that is spread out. So the tiles ask nowhere
 * where an image ends, and read an array, which the caches hold.
 */
final class StagedPatch {
  private float[] elements = {};
  private int pitch;

  /**
   * Copies a rectangle.
   *
   * @param source the images
   * @param of their shape
   * @param image which of them
   * @param top the first row, maybe outside
   * @param rows how many
   * @param left the first column, maybe outside
   * @param columns how many
   */
  void load(
      MemorySegment source,
      Correlation of,
      long image,
      long top,
      int rows,
      long left,
      int columns) {
    pitch = Math.multiplyExact(columns, of.channels());
    long size = (long) rows * pitch;
    if (elements.length < size) {
      elements = new float[Math.toIntExact(size)];
    }
    Axis vertical = of.vertical();
    for (int row = 0; row < rows; row++) {
      long y = top + row;
      boolean inside = y >= 0 && y % vertical.spacing() == 0;
      if (inside && y / vertical.spacing() < vertical.source()) {
        long at = (image * vertical.source() + y / vertical.spacing()) * of.horizontal().source();
        loadRow(source, of, at, left, columns, row * pitch);
      } else {
        Arrays.fill(elements, row * pitch, (row + 1) * pitch, 0);
      }
    }
  }

  private void loadRow(
      MemorySegment source, Correlation of, long sourceRow, long left, int columns, int to) {
    int channels = of.channels();
    int spacing = of.horizontal().spacing();
    long first = Math.max(0, Math.ceilDiv(left, spacing));
    long end = Math.min(of.horizontal().source(), Math.ceilDiv(left + columns, spacing));
    if (first >= end) {
      Arrays.fill(elements, to, to + pitch, 0);
      return;
    }
    int start = to + (int) (first * spacing - left) * channels;
    long from = 4 * (sourceRow + first) * channels;
    if (spacing == 1) {
      int count = (int) (end - first) * channels;
      Arrays.fill(elements, to, start, 0);
      MemorySegment.copy(source, JAVA_FLOAT, from, elements, start, count);
      Arrays.fill(elements, start + count, to + pitch, 0);
      return;
    }
    Arrays.fill(elements, to, to + pitch, 0);
    for (int i = 0; i < end - first; i++) {
      MemorySegment.copy(
          source,
          JAVA_FLOAT,
          from + 4L * i * channels,
          elements,
          start + i * spacing * channels,
          channels);
    }
  }

  float[] elements() {
    return elements;
  }

  /** From one row to the next. */
  int pitch() {
    return pitch;
  }
}
