package dev.quern.simd.pooling;

import static dev.quern.simd.math.NativeVectors.ORDER;
import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.IS_NAN;

import dev.quern.simd.math.NativeMemory;
import dev.quern.spi.spatial.MaxPoolingSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Rows of a max pooling and of its gradient.
 *
 * <ul>
 *   <li>Lanes are neighbouring channels; the last channels, fewer than a vector, go one by one
 *       through the same comparisons.
 *   <li>Forward reads every window once and keeps value and place in registers.
 *   <li>Backward gathers: an element adds the gradients of the windows that took it, in the order
 *       of the windows, so threads and vector width cannot change a bit.
 * </ul>
 */
final class MaxPoolingLoops {
  private final Window vertical;
  private final Window horizontal;
  private final SpatialExtent in;
  private final SpatialExtent result;
  private final int channels;

  /** How many channels whole vectors have. */
  private final int whole;

  /** How far the elements of a window's row, and its rows, are apart, in bytes. */
  private final long stepX;

  private final long stepY;

  MaxPoolingLoops(MaxPoolingSpec spec, SpatialExtent in) {
    this.vertical = spec.vertical();
    this.horizontal = spec.horizontal();
    this.in = in;
    this.result = spec.result(in);
    this.channels = Math.toIntExact(in.channels());
    this.whole = channels / LANES * LANES;
    this.stepX = 4L * channels * horizontal.dilation();
    this.stepY = 4L * channels * in.width() * vertical.dilation();
  }

  /** The first element of a window that is not before the axis. */
  private static int first(Window window, long start) {
    return start >= 0 ? 0 : (int) ((-start + window.dilation() - 1) / window.dilation());
  }

  /** One past the last element of a window that is not behind the axis. */
  private static int end(Window window, long start, long extent) {
    long inside = (extent - start + window.dilation() - 1) / window.dilation();
    return (int) Math.min(window.kernel(), Math.max(0, inside));
  }

  /** Pools a row of results, counted through all images. */
  void forward(long row, MemorySegment x, MemorySegment out, MemorySegment places) {
    if (whole > 0) {
      forwardVectors(row, x, out, places);
    }
    if (whole < channels) {
      forwardRest(row, x, out, places);
    }
  }

  /**
   * What of a window is inside.
   *
   * @param firstY its first row that is
   * @param endY one past the last
   * @param firstX its first column that is
   * @param endX one past the last
   * @param corner where the window begins, in bytes, maybe outside
   * @param place the place of that
   */
  private record Inside(int firstY, int endY, int firstX, int endX, long corner, int place) {}

  private Inside inside(long row, long column) {
    long top = row % result.height() * vertical.stride() - vertical.padding();
    long left = column * horizontal.stride() - horizontal.padding();
    long corner = (row / result.height() * in.height() + top) * in.width() + left;
    return new Inside(
        first(vertical, top),
        end(vertical, top, in.height()),
        first(horizontal, left),
        end(horizontal, left, in.width()),
        corner * channels * 4,
        (int) (top * in.width() + left));
  }

  private void forwardVectors(long row, MemorySegment x, MemorySegment out, MemorySegment places) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    places = NativeMemory.known(places);
    for (long column = 0; column < result.width(); column++) {
      Inside window = inside(row, column);
      long at = (row * result.width() + column) * channels * 4;
      for (int c = 0; c < whole; c += LANES) {
        FloatVector most = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
        // nothing yet is below all that there may be, -infinity too
        IntVector chosen = IntVector.broadcast(INTS, -1);
        for (int i = window.firstY; i < window.endY; i++) {
          for (int j = window.firstX; j < window.endX; j++) {
            FloatVector value = load(x, window.corner + i * stepY + j * stepX + 4L * c);
            VectorMask<Float> greater =
                value.compare(GT, most).or(value.test(IS_NAN)).or(chosen.lt(0).cast(SPECIES));
            most = most.blend(value, greater);
            chosen = chosen.blend(place(window.place, i, j), greater.cast(INTS));
          }
        }
        most.intoMemorySegment(out, at + 4L * c, ORDER);
        chosen.intoMemorySegment(places, at + 4L * c, ORDER);
      }
    }
  }

  private void forwardRest(long row, MemorySegment x, MemorySegment out, MemorySegment places) {
    for (long column = 0; column < result.width(); column++) {
      Inside window = inside(row, column);
      long at = (row * result.width() + column) * channels * 4;
      for (int c = whole; c < channels; c++) {
        float most = Float.NEGATIVE_INFINITY;
        int chosen = -1;
        for (int i = window.firstY; i < window.endY; i++) {
          for (int j = window.firstX; j < window.endX; j++) {
            float value = x.get(JAVA_FLOAT, window.corner + i * stepY + j * stepX + 4L * c);
            if (chosen < 0 || value > most || Float.isNaN(value)) {
              most = value;
              chosen = place(window.place, i, j);
            }
          }
        }
        out.set(JAVA_FLOAT, at + 4L * c, most);
        places.set(JAVA_INT, at + 4L * c, chosen);
      }
    }
  }

  private int place(int corner, int i, int j) {
    return corner + i * vertical.dilation() * (int) in.width() + j * horizontal.dilation();
  }

  /** Gathers the gradient of a row of the operand, counted through all images. */
  void backward(long row, MemorySegment gradient, MemorySegment places, MemorySegment out) {
    long image = row / in.height();
    long width = 4 * result.width() * channels;
    long[] rows = new long[vertical.kernel()];
    windows(vertical, row % in.height(), result.height(), width, rows);
    for (int i = 0; i < rows.length; i++) {
      rows[i] += rows[i] < 0 ? 0 : image * result.height() * width;
    }
    if (whole > 0) {
      backwardVectors(row, rows, gradient, places, out);
    }
    if (whole < channels) {
      backwardRest(row, rows, gradient, places, out);
    }
  }

  private void backwardVectors(
      long row, long[] rows, MemorySegment gradient, MemorySegment places, MemorySegment out) {
    gradient = NativeMemory.known(gradient);
    places = NativeMemory.known(places);
    out = NativeMemory.known(out);
    int firstPlace = firstPlace(row);
    long[] columns = new long[horizontal.kernel()];
    for (int z = 0; z < in.width(); z++) {
      windows(horizontal, z, result.width(), 4L * channels, columns);
      long at = (row * in.width() + z) * channels * 4;
      for (int c = 0; c < whole; c += LANES) {
        FloatVector sum = FloatVector.zero(SPECIES);
        for (int i = rows.length - 1; i >= 0; i--) {
          for (int j = columns.length - 1; j >= 0 && rows[i] >= 0; j--) {
            if (columns[j] >= 0) {
              long from = rows[i] + columns[j] + 4L * c;
              VectorMask<Integer> took =
                  IntVector.fromMemorySegment(INTS, places, from, ORDER).eq(firstPlace + z);
              sum = sum.add(load(gradient, from), took.cast(SPECIES));
            }
          }
        }
        sum.intoMemorySegment(out, at + 4L * c, ORDER);
      }
    }
  }

  private void backwardRest(
      long row, long[] rows, MemorySegment gradient, MemorySegment places, MemorySegment out) {
    int firstPlace = firstPlace(row);
    long[] columns = new long[horizontal.kernel()];
    for (int z = 0; z < in.width(); z++) {
      windows(horizontal, z, result.width(), 4L * channels, columns);
      long at = (row * in.width() + z) * channels * 4;
      for (int c = whole; c < channels; c++) {
        float sum = 0;
        for (int i = rows.length - 1; i >= 0; i--) {
          for (int j = columns.length - 1; j >= 0 && rows[i] >= 0; j--) {
            long from = rows[i] + columns[j] + 4L * c;
            if (columns[j] >= 0 && places.get(JAVA_INT, from) == firstPlace + z) {
              sum += gradient.get(JAVA_FLOAT, from);
            }
          }
        }
        out.set(JAVA_FLOAT, at + 4L * c, sum);
      }
    }
  }

  /** The place of the first element of a row. */
  private int firstPlace(long row) {
    return (int) (row % in.height() * in.width());
  }

  /**
   * Which windows have an element as their first, second and so on: later elements, earlier
   * windows. A window is told by how far its result is from the first, -1 for none.
   */
  private static void windows(Window window, long element, long count, long step, long[] found) {
    for (int i = 0; i < found.length; i++) {
      long start = element + window.padding() - (long) i * window.dilation();
      long index = start / window.stride();
      boolean exists = start >= 0 && index * window.stride() == start && index < count;
      found[i] = exists ? index * step : -1;
    }
  }
}
