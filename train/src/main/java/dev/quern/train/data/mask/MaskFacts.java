package dev.quern.train.data.mask;

import java.util.Map;
import java.util.TreeMap;

/**
 * What was seen in the files of one mask.
 *
 * @param values how often each value occurs: grey value, palette index or 0xRRGGBB; of at most
 *     {@value #MOST_VALUES} values, the first met
 * @param kind what the values are
 * @param lossy whether a file is a JPEG or another lossy one
 * @param alphaVaries whether an alpha channel is there and differs from pixel to pixel
 * @param largest the largest value a sample can have
 * @param object pixels of the object
 * @param ignored void pixels
 * @param pixels all pixels
 */
public record MaskFacts(
    Map<Integer, Long> values,
    Kind kind,
    boolean lossy,
    boolean alphaVaries,
    float largest,
    long object,
    long ignored,
    long pixels) {

  /** Values told apart; more are as good as many. */
  public static final int MOST_VALUES = 300;

  /** What values are. */
  public enum Kind {
    /** Sample values of a grey file. */
    GREY,
    /** Indices into a palette. */
    INDEX,
    /** 0xRRGGBB. */
    COLOUR
  }

  /**
   * What is known of a mask that comes from no file.
   *
   * @param mask the mask
   * @return values 0 and 1
   */
  public static MaskFacts of(Mask mask) {
    Map<Integer, Long> values = new TreeMap<>();
    long object = 0;
    long ignored = 0;
    for (byte value : mask.values()) {
      object += value == 1 ? 1 : 0;
      ignored += value == Mask.VOID ? 1 : 0;
    }
    long pixels = mask.values().length;
    values.put(0, pixels - object - ignored);
    values.put(1, object);
    return new MaskFacts(values, Kind.GREY, false, false, 1, object, ignored, pixels);
  }
}
