package dev.quern.bench.kernels;

import dev.quern.DType;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;

/** Seeded operands. The same seed gives the same operands on every machine. */
public final class Inputs {

  /** The ignore index of the cases. */
  public static final int IGNORED = 255;

  /** What the state of a {@link SplittableRandom} made from a seed grows by with each number. */
  private static final long STEP = 0x9e3779b97f4a7c15L;

  private static final int PIECE = 1 << 15;

  private Inputs() {}

  /** Uniform in [-scale, scale). */
  public static float[] uniform(int n, double scale, long seed) {
    float[] values = new float[n];
    inPieces(
        n, 1, seed, (random, i) -> values[i] = (float) (scale * (2 * random.nextDouble() - 1)));
    return values;
  }

  /** Uniform in [0, 1). */
  public static float[] unit(int n, long seed) {
    float[] values = new float[n];
    inPieces(n, 1, seed, (random, i) -> values[i] = (float) random.nextDouble());
    return values;
  }

  /**
   * Makes elements from one sequence of random numbers, pieces of them beside each other.
   *
   * @param draws numbers taken for each element
   */
  private static void inPieces(
      int n, int draws, long seed, ObjIntConsumer<SplittableRandom> element) {
    IntStream.range(0, Math.ceilDiv(n, PIECE))
        .parallel()
        .forEach(piece -> {
          int first = piece * PIECE;
          // the generator's state is a sum: so many steps on from the seed
          var random = new SplittableRandom(seed + STEP * draws * first);
          for (int i = first; i < Math.min(n, first + PIECE); i++) {
            element.accept(random, i);
          }
        });
  }

  /** Uniform in [-8, 8), with every 7th element one of the values that kernels stumble over. */
  public static float[] withSpecials(int n, long seed) {
    return withSpecials(n, seed, 0);
  }

  /** The same with the special values moved on once a round of them, to meet those of others. */
  public static float[] withMovingSpecials(int n, long seed) {
    return withSpecials(n, seed, 1);
  }

  private static float[] withSpecials(int n, long seed, int move) {
    float[] specials = {
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      0f,
      -0f,
      Float.MIN_VALUE,
      -Float.MIN_NORMAL,
      Float.MAX_VALUE,
      -1e4f,
      1e4f,
      -104f,
      89f,
      1f,
      -1f
    };
    float[] values = uniform(n, 8, seed);
    for (int i = 0; i < n; i += 7) {
      int round = i / 7 / specials.length;
      values[i] = specials[(i / 7 + move * round) % specials.length];
    }
    return values;
  }

  /**
   * Uniform in [-1, 1), with every 47th element NaN, an infinity or of magnitude 1e4: values that a
   * sum may hold and stays in range with.
   */
  public static float[] withOutliers(int n, long seed) {
    float[] outliers = {Float.NaN, Float.POSITIVE_INFINITY, 1e4f, Float.NEGATIVE_INFINITY, -1e4f};
    float[] values = uniform(n, 1, seed);
    for (int i = 5; i < n; i += 47) {
      values[i] = outliers[i / 47 % outliers.length];
    }
    return values;
  }

  /** Numbers of all magnitudes of 32 or 64 bits. */
  public static HostArray integers(DType dtype, int n, long seed) {
    var random = new SplittableRandom(seed);
    int[] ints = new int[n];
    long[] longs = new long[n];
    for (int i = 0; i < n; i++) {
      long value = random.nextLong();
      ints[i] = (int) value >> random.nextInt(32);
      longs[i] = value >> random.nextInt(64);
    }
    return dtype == DType.I32 ? HostArray.of(ints) : HostArray.of(longs);
  }

  /**
   * {@return bits of all kinds, for what is moved and not computed with}
   *
   * @param dtype what they stand for
   * @param n the number of elements
   * @param seed of the generator
   */
  public static HostArray bits(DType dtype, int n, long seed) {
    HostArray array = HostArray.zeros(dtype, n);
    byte[] bytes = new byte[n * dtype.bytes()];
    new SplittableRandom(seed).nextBytes(bytes);
    array.segment().copyFrom(MemorySegment.ofArray(bytes));
    return array;
  }

  /** 0 or 1, one with the given probability, then the ignore index with the other. */
  public static byte[] labels(int n, double positive, double ignored, long seed) {
    byte[] labels = new byte[n];
    inPieces(
        n,
        2,
        seed,
        (random, i) -> {
          boolean one = random.nextDouble() < positive;
          boolean out = random.nextDouble() < ignored;
          labels[i] = (byte) (out ? IGNORED : one ? 1 : 0);
        });
    return labels;
  }

  /** The labels as floats. */
  public static float[] floats(byte[] labels) {
    float[] values = new float[labels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = labels[i] & 0xff;
    }
    return values;
  }

  /** The labels as ints. */
  public static int[] ints(byte[] labels) {
    int[] values = new int[labels.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = labels[i] & 0xff;
    }
    return values;
  }

  public static double norm(float[] values) {
    double sum = 0;
    for (float v : values) {
      sum += (double) v * v;
    }
    return Math.sqrt(sum);
  }
}
