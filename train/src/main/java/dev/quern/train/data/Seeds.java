package dev.quern.train.data;

import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Independent random streams from one seed: nothing is drawn in the order threads come by, so a
 * picture, a permutation or a sample of pixels depends on its own numbers only.
 */
public final class Seeds {

  /** Stream of the synthetic pictures; the number is the picture's index. */
  public static final long PICTURE = 1;

  /** Stream of the visiting order; the number is the epoch. */
  public static final long SHUFFLE = 2;

  /** Stream of the pixels drawn from an image; the number joins epoch and image. */
  public static final long PIXELS = 3;

  /** Stream of the crops cut from an image; the number joins epoch and image. */
  public static final long CROPS = 4;

  private Seeds() {}

  /**
   * A generator for one purpose.
   *
   * @param seed of the run
   * @param stream one of the constants of this class
   * @param number within the stream
   * @return a fresh generator, the same for the same three numbers
   */
  public static RandomGenerator generator(long seed, long stream, long number) {
    return new SplittableRandom(mix(mix(mix(seed) + stream) + number));
  }

  /** The finalizer of SplitMix64 after a step of its Weyl sequence. */
  private static long mix(long value) {
    long z = value + 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
