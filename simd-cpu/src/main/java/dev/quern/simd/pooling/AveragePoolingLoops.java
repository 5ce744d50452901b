package dev.quern.simd.pooling;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.math.NativeMemory;
import dev.quern.spi.spatial.AveragePoolingSpec;
import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Rows of an average pooling and of its gradient.
 *
 * <ul>
 *   <li>Lanes are neighbouring channels; the last channels, fewer than a vector, go one by one.
 *   <li>A window's elements are added row by row in f32 and multiplied by 1 / elements. The common
 *       window of 2 x 2 that moves by 2 has a loop without loops, with the same additions.
 *   <li>Backward gathers the gradients of the windows that hold an element, in their order.
 * </ul>
 */
final class AveragePoolingLoops {
  private final Window vertical;
  private final Window horizontal;
  private final SpatialExtent in;
  private final SpatialExtent result;
  private final int channels;

  /** How many channels whole vectors have. */
  private final int whole;

  /** Bytes of a pixel, of a row of the operand and of a row of the result. */
  private final long pixel;

  private final long inRow;
  private final long resultRow;

  private final float factor;
  private final boolean two;

  AveragePoolingLoops(AveragePoolingSpec spec, SpatialExtent in) {
    this.vertical = spec.vertical();
    this.horizontal = spec.horizontal();
    this.in = in;
    this.result = spec.result(in);
    this.channels = Math.toIntExact(in.channels());
    this.whole = channels / LANES * LANES;
    this.pixel = 4L * channels;
    this.inRow = pixel * in.width();
    this.resultRow = pixel * result.width();
    this.factor = (float) (1.0 / ((double) vertical.kernel() * horizontal.kernel()));
    this.two = vertical.equals(Window.of(2)) && horizontal.equals(vertical);
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
  void forward(long row, MemorySegment x, MemorySegment out) {
    long to = row * resultRow;
    long top = row % result.height() * vertical.stride() - vertical.padding();
    long image = row / result.height() * in.height();
    if (two) {
      long from = (image + top) * inRow;
      forwardTwo(x, from, out, to);
      for (long column = 0; whole < channels && column < result.width(); column++) {
        rest(x, from + 2 * column * pixel, 0, 2, 0, 2, out, to + column * pixel);
      }
      return;
    }
    int firstY = first(vertical, top);
    int endY = end(vertical, top, in.height());
    for (long column = 0; column < result.width(); column++) {
      long left = column * horizontal.stride() - horizontal.padding();
      int firstX = first(horizontal, left);
      int endX = end(horizontal, left, in.width());
      long corner = (image + top) * inRow + left * pixel;
      window(x, corner, firstY, endY, firstX, endX, out, to + column * pixel);
      rest(x, corner, firstY, endY, firstX, endX, out, to + column * pixel);
    }
  }

  private void forwardTwo(MemorySegment x, long from, MemorySegment out, long to) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    int width = (int) result.width();
    for (int column = 0; column < width; column++) {
      long above = from + 2L * column * pixel;
      long target = to + column * pixel;
      for (int c = 0; c < whole; c += LANES) {
        long at = above + 4L * c;
        FloatVector sum = load(x, at).add(load(x, at + pixel));
        sum = sum.add(load(x, at + inRow)).add(load(x, at + inRow + pixel));
        store(sum.mul(lanes(0.25f)), out, target + 4L * c);
      }
    }
  }

  private void window(
      MemorySegment x,
      long corner,
      int firstY,
      int endY,
      int firstX,
      int endX,
      MemorySegment out,
      long to) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    long stepY = inRow * vertical.dilation();
    long stepX = pixel * horizontal.dilation();
    for (int c = 0; c < whole; c += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = firstY; i < endY; i++) {
        for (int j = firstX; j < endX; j++) {
          sum = sum.add(load(x, corner + i * stepY + j * stepX + 4L * c));
        }
      }
      store(sum.mul(lanes(factor)), out, to + 4L * c);
    }
  }

  private void rest(
      MemorySegment x,
      long corner,
      int firstY,
      int endY,
      int firstX,
      int endX,
      MemorySegment out,
      long to) {
    long stepY = inRow * vertical.dilation();
    long stepX = pixel * horizontal.dilation();
    for (int c = whole; c < channels; c++) {
      float sum = 0;
      for (int i = firstY; i < endY; i++) {
        for (int j = firstX; j < endX; j++) {
          sum += x.get(JAVA_FLOAT_UNALIGNED, corner + i * stepY + j * stepX + 4L * c);
        }
      }
      out.set(JAVA_FLOAT_UNALIGNED, to + 4L * c, sum * factor);
    }
  }

  /** Gathers the gradient of a row of the operand, counted through all images. */
  void backward(long row, MemorySegment gradient, MemorySegment out) {
    long y = row % in.height();
    long image = row / in.height() * result.height();
    if (two) {
      backwardTwo(gradient, y / 2 < result.height() ? (image + y / 2) * resultRow : -1, out, row);
      return;
    }
    for (long z = 0; z < in.width(); z++) {
      long to = row * inRow + z * pixel;
      gather(y, image, z, gradient, out, to);
    }
  }

  private void backwardTwo(MemorySegment g, long from, MemorySegment out, long row) {
    long pixels = from < 0 ? 0 : result.width();
    long to = row * inRow;
    backwardTwoVectors(g, from, out, to, (int) pixels);
    for (long column = 0; whole < channels && column < pixels; column++) {
      for (int c = whole; c < channels; c++) {
        float value = g.get(JAVA_FLOAT_UNALIGNED, from + column * pixel + 4L * c) * factor;
        long at = to + 2 * column * pixel + 4L * c;
        out.set(JAVA_FLOAT_UNALIGNED, at, value);
        out.set(JAVA_FLOAT_UNALIGNED, at + pixel, value);
      }
    }
    long done = 2 * pixels * pixel;
    out.asSlice(to + done, inRow - done).fill((byte) 0);
  }

  private void backwardTwoVectors(
      MemorySegment g, long from, MemorySegment out, long to, int pixels) {
    g = NativeMemory.known(g);
    out = NativeMemory.known(out);
    for (int column = 0; column < pixels; column++) {
      long source = from + column * pixel;
      long target = to + 2L * column * pixel;
      for (int c = 0; c < whole; c += LANES) {
        FloatVector value = load(g, source + 4L * c).mul(lanes(0.25f));
        store(value, out, target + 4L * c);
        store(value, out, target + pixel + 4L * c);
      }
    }
  }

  private void gather(
      long y, long image, long z, MemorySegment gradient, MemorySegment out, long to) {
    gatherVectors(y, image, z, gradient, out, to);
    for (int c = whole; c < channels; c++) {
      float sum = 0;
      for (int i = vertical.kernel() - 1; i >= 0; i--) {
        long windowY = window(vertical, y, i, result.height());
        for (int j = horizontal.kernel() - 1; j >= 0 && windowY >= 0; j--) {
          long windowX = window(horizontal, z, j, result.width());
          if (windowX >= 0) {
            long at = (image + windowY) * resultRow + windowX * pixel;
            sum += gradient.get(JAVA_FLOAT_UNALIGNED, at + 4L * c);
          }
        }
      }
      out.set(JAVA_FLOAT_UNALIGNED, to + 4L * c, sum * factor);
    }
  }

  private void gatherVectors(
      long y, long image, long z, MemorySegment gradient, MemorySegment out, long to) {
    gradient = NativeMemory.known(gradient);
    out = NativeMemory.known(out);
    for (int c = 0; c < whole; c += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = vertical.kernel() - 1; i >= 0; i--) {
        long windowY = window(vertical, y, i, result.height());
        for (int j = horizontal.kernel() - 1; j >= 0 && windowY >= 0; j--) {
          long windowX = window(horizontal, z, j, result.width());
          if (windowX >= 0) {
            sum = sum.add(load(gradient, (image + windowY) * resultRow + windowX * pixel + 4L * c));
          }
        }
      }
      store(sum.mul(lanes(factor)), out, to + 4L * c);
    }
  }

  /** The window that has an element as its i-th, or -1. */
  private static long window(Window window, long element, int i, long count) {
    long start = element + window.padding() - (long) i * window.dilation();
    long index = start / window.stride();
    return start >= 0 && index * window.stride() == start && index < count ? index : -1;
  }
}
