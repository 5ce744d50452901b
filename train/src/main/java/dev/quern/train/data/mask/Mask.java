package dev.quern.train.data.mask;

import dev.quern.metric.ConfusionCounts;

/**
 * A binary mask: 1 where the object is, 0 elsewhere, {@link #VOID} where nobody knows; row by row.
 *
 * @param height in pixels
 * @param width in pixels
 * @param values {@code height * width} values; not copied, by agreement not changed
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of pixels; never compared
public record Mask(int height, int width, byte[] values) {

  /** A pixel that neither trains nor scores. */
  public static final byte VOID = (byte) 255;

  /** Checks that the array has the length the sizes ask for. */
  public Mask {
    if ((long) height * width != values.length) {
      throw new IllegalArgumentException(
          "A mask of %d x %d needs %d values, got %d"
              .formatted(height, width, (long) height * width, values.length));
    }
  }

  /**
   * Compares this prediction with the truth, pixel by pixel; void pixels of the truth do not count.
   *
   * @param truth of the same size
   * @return the four counts
   */
  public ConfusionCounts against(Mask truth) {
    if (height != truth.height || width != truth.width) {
      throw new IllegalArgumentException(
          "A mask of %d x %d cannot be compared with one of %d x %d"
              .formatted(height, width, truth.height, truth.width));
    }
    long[] counts = new long[4];
    for (int i = 0; i < values.length; i++) {
      if (truth.values[i] != VOID) {
        counts[2 * truth.values[i] + values[i]]++;
      }
    }
    return new ConfusionCounts(counts[0], counts[1], counts[2], counts[3]);
  }
}
