package dev.quern.simd.confusion;

import dev.quern.DType;
import dev.quern.simd.work.Chunks;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a chunk of predictions and targets says, one bit an element: counts are then population
 * counts of ands, wherever a row begins and ends. A chunk that does not fill its last word, or lies
 * in an array of another element type, is first copied to native memory.
 */
final class ConfusionBits {
  private static final int WORDS = Chunks.SIZE / 64;

  /** The counts of a run of the chunk. */
  final Confusion counted = new Confusion();

  private final long[] predicted = new long[WORDS];
  private final long[] negative = new long[WORDS];
  private final long[] positive = new long[WORDS];
  private final long[] ignored = new long[WORDS];
  private final MemorySegment stage =
      Arena.ofAuto().allocate((long) Chunks.SIZE * Long.BYTES, Long.BYTES);

  /**
   * Takes elements {@code first} to {@code first + n}.
   *
   * @return the place of the first target that is neither 0, 1 nor ignored, counted from {@code
   *     first}; n if there is none
   */
  int take(
      MemorySegment x,
      float cut,
      MemorySegment t,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      long first,
      int n) {
    int words = (n + 63) / 64;
    boolean whole = n % 64 == 0;
    if (whole && arrayOf(x) instanceof float[] array) {
      ConfusionLoops.atLeast(array, (int) (x.address() / 4 + first), cut, predicted, words);
    } else if (whole && x.isNative()) {
      ConfusionLoops.atLeast(x, 4 * first, cut, predicted, words);
    } else {
      MemorySegment.copy(x, 4 * first, stage, 0, 4L * n);
      ConfusionLoops.atLeast(stage, 0, cut, predicted, words);
    }
    Object array = whole ? arrayOf(t) : null;
    MemorySegment source = t;
    long at = first * targetDtype.bytes();
    boolean direct = array != null && elementOf(array) == targetDtype;
    if (!direct && !(whole && t.isNative())) {
      MemorySegment.copy(t, at, stage, 0, (long) n * targetDtype.bytes());
      source = stage;
      at = 0;
    }
    Object labels = direct ? array : null;
    int labelsAt = direct ? (int) (t.address() / targetDtype.bytes() + first) : 0;
    equal(source, at, labels, labelsAt, targetDtype, 0, negative, words);
    equal(source, at, labels, labelsAt, targetDtype, 1, positive, words);
    if (ignoreIndex == null) {
      Arrays.fill(ignored, 0, words, 0);
    } else {
      equal(source, at, labels, labelsAt, targetDtype, ignoreIndex, ignored, words);
    }
    return leaveOut(n, words);
  }

  /** Clears what is ignored or lies behind the end; returns the first fault. */
  private int leaveOut(int n, int words) {
    int fault = n;
    for (int w = words - 1; w >= 0; w--) {
      long inside = 64 * w + 64 <= n ? -1L : (1L << (n % 64)) - 1;
      long counted = inside & ~ignored[w];
      long faulty = counted & ~negative[w] & ~positive[w];
      if (faulty != 0) {
        fault = 64 * w + Long.numberOfTrailingZeros(faulty);
      }
      negative[w] &= counted;
      positive[w] &= counted;
    }
    return fault;
  }

  /** Adds the counts of elements {@code from} to {@code end} of the chunk. */
  void count(int from, int end, Confusion counts) {
    long negatives = 0;
    long positives = 0;
    long wrong = 0;
    long both = 0;
    for (int w = from / 64; 64 * w < end; w++) {
      long inside = 64 * w < from ? -1L << (from % 64) : -1L;
      if (64 * w + 64 > end) {
        inside &= (1L << (end % 64)) - 1;
      }
      long no = negative[w] & inside;
      long yes = positive[w] & inside;
      negatives += Long.bitCount(no);
      positives += Long.bitCount(yes);
      wrong += Long.bitCount(no & predicted[w]);
      both += Long.bitCount(yes & predicted[w]);
    }
    counts.add(negatives, positives, wrong + both, both);
  }

  private static void equal(
      MemorySegment t,
      long at,
      @Nullable Object array,
      int arrayAt,
      DType dtype,
      int value,
      long[] bits,
      int words) {
    switch (dtype) {
      case U8 -> {
        if (value < 0 || value > 255) {
          Arrays.fill(bits, 0, words, 0);
        } else if (array instanceof byte[] labels) {
          ConfusionLoops.equal(labels, arrayAt, (byte) value, bits, words);
        } else {
          ConfusionLoops.equal(t, at, (byte) value, bits, words);
        }
      }
      case I32 -> {
        if (array instanceof int[] labels) {
          ConfusionLoops.equal(labels, arrayAt, value, bits, words);
        } else {
          ConfusionLoops.equal(t, at, value, bits, words);
        }
      }
      case I64 -> {
        if (array instanceof long[] labels) {
          ConfusionLoops.equal(labels, arrayAt, (long) value, bits, words);
        } else {
          ConfusionLoops.equal(t, at, (long) value, bits, words);
        }
      }
      case F32 -> {
        float exact = (double) (float) value == value ? value : Float.NaN;
        if (array instanceof float[] labels) {
          ConfusionLoops.equal(labels, arrayAt, exact, bits, words);
        } else {
          ConfusionLoops.equal(t, at, exact, bits, words);
        }
      }
      default -> throw new IllegalArgumentException("A target is not " + dtype + ".");
    }
  }

  /** The array below a segment, if its elements can be read as such from where it starts. */
  private static @Nullable Object arrayOf(MemorySegment segment) {
    Object array = segment.heapBase().orElse(null);
    DType element = array == null ? null : elementOf(array);
    return element != null && segment.address() % element.bytes() == 0 ? array : null;
  }

  private static @Nullable DType elementOf(Object array) {
    return switch (array) {
      case float[] _ -> DType.F32;
      case byte[] _ -> DType.U8;
      case int[] _ -> DType.I32;
      case long[] _ -> DType.I64;
      default -> null;
    };
  }
}
