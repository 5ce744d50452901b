package dev.quern.train.image.sample;

import java.util.Arrays;

/** What is asked of the ARGB colours of a palette. */
public final class Palette {

  private static final int OPAQUE_BLACK = 0xFF000000;

  private Palette() {}

  public static boolean isGrey(int[] colours) {
    return Arrays.stream(colours)
        .allMatch(c -> (c >> 16 & 0xFF) == (c & 0xFF) && (c >> 8 & 0xFF) == (c & 0xFF));
  }

  public static boolean isTransparent(int[] colours) {
    return Arrays.stream(colours).anyMatch(c -> c >>> 24 != 0xFF);
  }

  /** Every index that the bits can hold gets a colour, so that none is out of range. */
  public static int[] fill(int[] colours, int bits) {
    int[] all = Arrays.copyOf(colours, 1 << bits);
    if (colours.length < all.length) {
      Arrays.fill(all, colours.length, all.length, OPAQUE_BLACK);
    }
    return all;
  }
}
