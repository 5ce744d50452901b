package dev.quern.train.image.sample;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * How a stored picture is turned to stand upright, by the EXIF and TIFF tag 274.
 *
 * @param transposed whether stored rows are columns of the upright picture
 * @param reversedX whether stored columns run backwards
 * @param reversedY whether stored rows run backwards
 */
public record Orientation(boolean transposed, boolean reversedX, boolean reversedY) {

  public static final Orientation UPRIGHT = new Orientation(false, false, false);

  private static final int TAG = 274;

  /** Any value but 2 to 8 is upright, as in other readers. */
  public static Orientation of(long exif) {
    return switch ((int) exif) {
      case 2 -> new Orientation(false, true, false);
      case 3 -> new Orientation(false, true, true);
      case 4 -> new Orientation(false, false, true);
      case 5 -> new Orientation(true, false, false);
      case 6 -> new Orientation(true, false, true);
      case 7 -> new Orientation(true, true, true);
      case 8 -> new Orientation(true, true, false);
      default -> UPRIGHT;
    };
  }

  /** From the first directory of a TIFF file. */
  public static Orientation of(TiffDirectory directory) throws DamagedException {
    return of(directory.value(TAG, 1));
  }

  /** From an EXIF block, which is a TIFF file of its own. */
  public static Orientation ofExif(MemorySegment block, Warnings warnings) {
    try {
      return of(TiffDirectory.first(block));
    } catch (IOException | IndexOutOfBoundsException e) {
      warnings.add("its EXIF block is damaged and ignored");
      return UPRIGHT;
    }
  }
}
