package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.spi.loss.LovaszTerms;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The way along sorted items of a Lovasz loss: value and gradient from the foreground counted so
 * far. Scalar: every step is a random store. An item has, from its highest bit on, 1 bit for the
 * foreground, 31 for the key, 31 for the position and 1 for errors that fall as the logit grows.
 */
final class LovaszWalk {
  private static final int NAN_KEY = Integer.MAX_VALUE - 0x7fc00000;

  private LovaszWalk() {}

  /** Makes an item. */
  static long item(int foregroundAndKey, int position, long falling) {
    return (long) foregroundAndKey << 32 | (long) position << 1 | falling;
  }

  private static int key(long item) {
    return (int) (item >>> 32) & Integer.MAX_VALUE;
  }

  /** Returns the error of an item. */
  private static float error(long item) {
    return Float.intBitsToFloat(Integer.MAX_VALUE - key(item));
  }

  /** Returns how many of the items are foreground. */
  static int foreground(MemorySegment items, int from, int to) {
    int count = 0;
    for (int i = from; i < to; i++) {
      count += (int) (items.get(JAVA_LONG, 8L * i) >>> 63);
    }
    return count;
  }

  /**
   * Walks along a list without foreground: the first item takes all.
   *
   * @param gradient written at {@code places}, null for none
   * @return the list's loss
   */
  static double only(
      long first, double factor, @Nullable MemorySegment gradient, LovaszPlaces places) {
    if (gradient != null) {
      gradient.set(JAVA_FLOAT_UNALIGNED, places.byteOffset(first), slope(first, factor));
    }
    return error(first);
  }

  /** Gives the items whose error is NaN such a gradient. */
  static void spreadNan(
      MemorySegment items, int from, int to, MemorySegment gradient, LovaszPlaces places) {
    for (int i = from; i < to; i++) {
      long item = items.get(JAVA_LONG, 8L * i);
      if (key(item) == NAN_KEY) {
        gradient.set(JAVA_FLOAT_UNALIGNED, places.byteOffset(item), Float.NaN);
      }
    }
  }

  /**
   * Walks along items {@code from} to {@code to - 1}.
   *
   * @param foreground that of the list, above 0
   * @param before how much of it lies before {@code from}
   * @param gradient written at {@code places}, null for none
   * @return the sum of error times step of the Jaccard loss
   */
  static double along(
      MemorySegment items,
      int from,
      int to,
      int foreground,
      int before,
      double factor,
      @Nullable MemorySegment gradient,
      LovaszPlaces places) {
    double inside = foreground - before;
    double all = foreground + (double) (from - before);
    return gradient == null
        ? value(items, from, to, inside, all)
        : gradient(items, from, to, inside, all, factor, gradient, places);
  }

  private static double value(
      MemorySegment items, int from, int to, double intersection, double union) {
    double inside = intersection;
    double all = union;
    double sum = 0;
    for (int i = from; i < to; i++) {
      long item = items.get(JAVA_LONG, 8L * i);
      double foreground = item >>> 63;
      double other = 1 - foreground;
      // without a branch: the foreground comes at random
      double step = (inside * other + foreground) / (all * (1 + other * all));
      inside -= foreground;
      all += other;
      sum += LovaszTerms.share(error(item), step);
    }
    return sum;
  }

  private static double gradient(
      MemorySegment items,
      int from,
      int to,
      double intersection,
      double union,
      double factor,
      MemorySegment gradient,
      LovaszPlaces places) {
    double inside = intersection;
    double all = union;
    double sum = 0;
    for (int i = from; i < to; i++) {
      long item = items.get(JAVA_LONG, 8L * i);
      double foreground = item >>> 63;
      double other = 1 - foreground;
      double step = (inside * other + foreground) / (all * (1 + other * all));
      inside -= foreground;
      all += other;
      sum += LovaszTerms.share(error(item), step);
      gradient.set(JAVA_FLOAT_UNALIGNED, places.byteOffset(item), slope(item, step * factor));
    }
    return sum;
  }

  /** Returns the derivative of an item's loss by its logit or probability. */
  private static float slope(long item, double stepAndFactor) {
    if (key(item) == NAN_KEY) {
      return Float.NaN;
    }
    int sign = (int) item << 31;
    return Float.intBitsToFloat(Float.floatToRawIntBits((float) stepAndFactor) ^ sign);
  }
}
