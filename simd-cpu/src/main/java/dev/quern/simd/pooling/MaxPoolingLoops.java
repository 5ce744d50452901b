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

import dev.quern.spi.tensor.MaxPoolingSpec;
import dev.quern.spi.tensor.PoolingWindow;
import dev.quern.spi.tensor.SpatialExtent;
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
  private final PoolingWindow vertical;
  private final PoolingWindow horizontal;
  private final SpatialExtent in;
  private final SpatialExtent result;
  private final int channels;

  /** How far the elements of a window's row, and its rows, are apart, in bytes. */
  private final long stepX;

  private final long stepY;

  MaxPoolingLoops(MaxPoolingSpec spec, SpatialExtent in) {
    this.vertical = spec.vertical();
    this.horizontal = spec.horizontal();
    this.in = in;
    this.result = spec.result(in);
    this.channels = Math.toIntExact(in.channels());
    this.stepX = 4L * channels * horizontal.dilation();
    this.stepY = 4L * channels * in.width() * vertical.dilation();
  }

  /** The first element of a window that is not before the axis. */
  private static int first(PoolingWindow window, long start) {
    return start >= 0 ? 0 : (int) ((-start + window.dilation() - 1) / window.dilation());
  }

  /** One past the last element of a window that is not behind the axis. */
  private static int end(PoolingWindow window, long start, long extent) {
    long inside = (extent - start + window.dilation() - 1) / window.dilation();
    return (int) Math.min(window.kernel(), Math.max(0, inside));
  }

  /** Pools a row of results, counted through all images. */
  void forward(long row, MemorySegment x, MemorySegment out, MemorySegment places) {
    long image = row / result.height();
    long top = row % result.height() * vertical.stride() - vertical.padding();
    int firstY = first(vertical, top);
    int endY = end(vertical, top, in.height());
    for (long column = 0; column < result.width(); column++) {
      long left = column * horizontal.stride() - horizontal.padding();
      int firstX = first(horizontal, left);
      int endX = end(horizontal, left, in.width());
      long corner = (image * in.height() + top) * in.width() + left;
      int place = (int) (top * in.width() + left);
      long at = (row * result.width() + column) * channels * 4;
      window(x, corner * channels * 4, place, firstY, endY, firstX, endX, out, places, at);
    }
  }

  private void window(
      MemorySegment x,
      long corner,
      int place,
      int firstY,
      int endY,
      int firstX,
      int endX,
      MemorySegment out,
      MemorySegment places,
      long at) {
    int whole = channels / LANES * LANES;
    for (int c = 0; c < whole; c += LANES) {
      FloatVector most = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
      // nothing yet is below all that there may be, -infinity too
      IntVector chosen = IntVector.broadcast(INTS, -1);
      for (int i = firstY; i < endY; i++) {
        for (int j = firstX; j < endX; j++) {
          FloatVector value = load(x, corner + i * stepY + j * stepX + 4L * c);
          VectorMask<Float> greater =
              value.compare(GT, most).or(value.test(IS_NAN)).or(chosen.lt(0).cast(SPECIES));
          most = most.blend(value, greater);
          chosen = chosen.blend(place(place, i, j), greater.cast(INTS));
        }
      }
      most.intoMemorySegment(out, at + 4L * c, ORDER);
      chosen.intoMemorySegment(places, at + 4L * c, ORDER);
    }
    for (int c = whole; c < channels; c++) {
      float most = Float.NEGATIVE_INFINITY;
      int chosen = -1;
      for (int i = firstY; i < endY; i++) {
        for (int j = firstX; j < endX; j++) {
          float value = x.get(JAVA_FLOAT, corner + i * stepY + j * stepX + 4L * c);
          if (chosen < 0 || value > most || Float.isNaN(value)) {
            most = value;
            chosen = place(place, i, j);
          }
        }
      }
      out.set(JAVA_FLOAT, at + 4L * c, most);
      places.set(JAVA_INT, at + 4L * c, chosen);
    }
  }

  private int place(int corner, int i, int j) {
    return corner + i * vertical.dilation() * (int) in.width() + j * horizontal.dilation();
  }

  /** Gathers the gradient of a row of the operand, counted through all images. */
  void backward(long row, MemorySegment gradient, MemorySegment places, MemorySegment out) {
    long image = row / in.height();
    long y = row % in.height();
    for (long z = 0; z < in.width(); z++) {
      int place = (int) (y * in.width() + z);
      long at = (row * in.width() + z) * channels * 4;
      pixel(gradient, places, image, y, z, place, out, at);
    }
  }

  private void pixel(
      MemorySegment gradient,
      MemorySegment places,
      long image,
      long y,
      long z,
      int place,
      MemorySegment out,
      long at) {
    int whole = channels / LANES * LANES;
    for (int c = 0; c < whole; c += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = vertical.kernel() - 1; i >= 0; i--) {
        long windowY = window(vertical, y, i, result.height());
        for (int j = horizontal.kernel() - 1; j >= 0 && windowY >= 0; j--) {
          long windowX = window(horizontal, z, j, result.width());
          if (windowX >= 0) {
            long from = element(image, windowY, windowX, c);
            VectorMask<Integer> took =
                IntVector.fromMemorySegment(INTS, places, from, ORDER).eq(place);
            sum = sum.add(load(gradient, from), took.cast(SPECIES));
          }
        }
      }
      sum.intoMemorySegment(out, at + 4L * c, ORDER);
    }
    for (int c = whole; c < channels; c++) {
      float sum = 0;
      for (int i = vertical.kernel() - 1; i >= 0; i--) {
        long windowY = window(vertical, y, i, result.height());
        for (int j = horizontal.kernel() - 1; j >= 0 && windowY >= 0; j--) {
          long windowX = window(horizontal, z, j, result.width());
          if (windowX >= 0) {
            long from = element(image, windowY, windowX, c);
            if (places.get(JAVA_INT, from) == place) {
              sum += gradient.get(JAVA_FLOAT, from);
            }
          }
        }
      }
      out.set(JAVA_FLOAT, at + 4L * c, sum);
    }
  }

  /**
   * Which window has an element as its {@code i}-th; -1 for none. Later elements: earlier windows.
   */
  private static long window(PoolingWindow window, long element, int i, long windows) {
    long start = element + window.padding() - (long) i * window.dilation();
    if (start < 0 || start % window.stride() != 0 || start / window.stride() >= windows) {
      return -1;
    }
    return start / window.stride();
  }

  private long element(long image, long windowY, long windowX, int c) {
    return (((image * result.height() + windowY) * result.width() + windowX) * channels + c) * 4;
  }
}
