package dev.quern.reference;

import dev.quern.spi.tensor.PhiloxStream;

/**
 * Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
 * 2011): the Java twin of {@code formulas/philox.inc}.
 */
public final class Philox {
  private static final long WORD = 0xFFFFFFFFL;

  private Philox() {}

  /**
   * Draws one word.
   *
   * @param stream which sequence
   * @param element its element, 0 to 2^34 - 1
   * @return 32 random bits
   */
  public static int word(PhiloxStream stream, long element) {
    int c0 = (int) (element >>> 2);
    int c1 = stream.sample();
    int c2 = stream.epoch();
    int c3 = stream.stream();
    int key0 = (int) stream.seed();
    int key1 = (int) (stream.seed() >>> 32);
    for (int round = 0; round < 10; round++) {
      long product0 = 0xD2511F53L * (c0 & WORD);
      long product1 = 0xCD9E8D57L * (c2 & WORD);
      c0 = (int) (product1 >>> 32) ^ c1 ^ key0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ key1;
      c3 = (int) product0;
      key0 += 0x9E3779B9;
      key1 += 0xBB67AE85;
    }
    return switch ((int) element & 3) {
      case 0 -> c0;
      case 1 -> c1;
      case 2 -> c2;
      default -> c3;
    };
  }

  /**
   * Draws one float.
   *
   * @param stream which sequence
   * @param element its element, 0 to 2^34 - 1
   * @return a multiple of 2^-24 in [0, 1)
   */
  public static float uniform(PhiloxStream stream, long element) {
    return (word(stream, element) >>> 8) * 0x1p-24f;
  }
}
