package dev.quern.simd.resampling;

import dev.quern.spi.spatial.UpsamplingSpec.Interpolation;

/**
 * Where the elements of a longer axis lie on the shorter one, and which of them see an element.
 * Weights are exact fractions, rounded to f32.
 */
final class AxisTable {
  private final Interpolation interpolation;

  private final long length;
  private final int scale;

  /** The elements before and behind each element of the longer axis, the same at the end. */
  final int[] before;

  final int[] after;

  /** Their weights; that of the one behind is 0 where it is not looked at. */
  final float[] beforeShare;

  final float[] afterShare;

  /** The elements of the longer axis that see element i: from first[i] on, before end[i]. */
  final int[] first;

  final int[] end;

  AxisTable(Interpolation interpolation, long length, int scale) {
    this.interpolation = interpolation;
    this.length = length;
    this.scale = scale;
    int results = Math.toIntExact(length * scale);
    this.before = new int[results];
    this.after = new int[results];
    this.beforeShare = new float[results];
    this.afterShare = new float[results];
    this.first = new int[(int) length];
    this.end = new int[(int) length];
    for (int i = 0; i < results; i++) {
      place(i);
    }
  }

  /** Whether the shorter axis is so long. */
  boolean isOf(long extent) {
    return length == extent;
  }

  private void place(int i) {
    long numerator =
        switch (interpolation) {
          case NEAREST -> i / scale;
          case BILINEAR -> Math.max(0, 2L * i + 1 - scale);
          case BILINEAR_ALIGNED -> i * (length - 1);
        };
    long denominator =
        switch (interpolation) {
          case NEAREST -> 1;
          case BILINEAR -> 2L * scale;
          case BILINEAR_ALIGNED -> Math.max(1, length * scale - 1);
        };
    before[i] = (int) (numerator / denominator);
    after[i] = (int) Math.min(before[i] + 1, length - 1);
    double share = (double) (numerator % denominator) / denominator;
    share = after[i] == before[i] ? 0 : share;
    beforeShare[i] = (float) (1 - share);
    afterShare[i] = (float) share;
    see(before[i], i);
    if (share > 0) {
      see(after[i], i);
    }
  }

  private void see(int element, int i) {
    if (end[element] == 0) {
      first[element] = i;
    }
    end[element] = i + 1;
  }

  /** The weight that element i of the longer axis gives to an element it sees. */
  float share(int i, int element) {
    return before[i] == element ? beforeShare[i] : afterShare[i];
  }
}
