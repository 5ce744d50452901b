package dev.quern.nn.segmenter;

import dev.quern.nn.tile.Planes;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An image that somebody else holds.
 *
 * @param values F32, plane after plane, each row by row
 * @param channels number of planes
 * @param height in pixels
 * @param width in pixels
 */
record PlanesInMemory(MemorySegment values, int channels, int height, int width) implements Planes {

  @Override
  public void read(int channel, int x, int y, int columns, int rows, float[] into, int offset) {
    for (int row = 0; row < rows; row++) {
      long place = ((long) channel * height + y + row) * width + x;
      MemorySegment.copy(
          values,
          ValueLayout.JAVA_FLOAT_UNALIGNED,
          place * Float.BYTES,
          into,
          offset + row * columns,
          columns);
    }
  }
}
