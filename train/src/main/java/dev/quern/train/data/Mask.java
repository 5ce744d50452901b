package dev.quern.train.data;

/**
 * A binary mask: 1 where the object is, 0 elsewhere, row by row.
 *
 * @param height in pixels
 * @param width in pixels
 * @param values {@code height * width} values, 0 or 1; not copied, by agreement not changed
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of pixels; never compared
public record Mask(int height, int width, byte[] values) {

  /** Checks that the array has the length the sizes ask for. */
  public Mask {
    if ((long) height * width != values.length) {
      throw new IllegalArgumentException(
          "A mask of %d x %d needs %d values, got %d"
              .formatted(height, width, (long) height * width, values.length));
    }
  }
}
