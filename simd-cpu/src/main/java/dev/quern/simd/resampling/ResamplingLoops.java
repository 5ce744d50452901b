package dev.quern.simd.resampling;

import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Rows of an upsampling and of its gradient, first down the image, whole rows into an array of the
 * thread's, whose tail is padded; then along the row, lanes being channels, the last channels,
 * fewer than a vector, one by one.
 */
final class ResamplingLoops {
  private ResamplingLoops() {}

  /** Copies a row of the operand. */
  static void row(MemorySegment x, long at, float[] row, int n) {
    MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, at, row, 0, n);
  }

  /** row = x * share, from byte {@code at} on. */
  static void begin(MemorySegment x, long at, float share, float[] row, int n) {
    int whole = n / LANES * LANES;
    beginVectors(x, at, share, row, whole);
    for (int i = whole; i < n; i++) {
      row[i] = x.get(JAVA_FLOAT_UNALIGNED, at + 4L * i) * share;
    }
  }

  private static void beginVectors(MemorySegment x, long at, float share, float[] row, int n) {
    x = NativeMemory.known(x);
    for (int i = 0; i < n; i += LANES) {
      load(x, at + 4L * i).mul(lanes(share)).intoArray(row, i);
    }
  }

  /** row += x * share, in one rounding. */
  static void add(MemorySegment x, long at, float share, float[] row, int n) {
    int whole = n / LANES * LANES;
    addVectors(x, at, share, row, whole);
    for (int i = whole; i < n; i++) {
      row[i] = Math.fma(x.get(JAVA_FLOAT_UNALIGNED, at + 4L * i), share, row[i]);
    }
  }

  private static void addVectors(MemorySegment x, long at, float share, float[] row, int n) {
    x = NativeMemory.known(x);
    for (int i = 0; i < n; i += LANES) {
      load(x, at + 4L * i)
          .fma(lanes(share), FloatVector.fromArray(SPECIES, row, i))
          .intoArray(row, i);
    }
  }

  /** Writes a row of the result, each pixel between two of the operand's. */
  static void along(float[] row, AxisTable table, int channels, MemorySegment out, long to) {
    int whole = channels / LANES * LANES;
    if (whole > 0) {
      alongVectors(row, table, channels, whole, out, to);
    }
    for (int z = 0; whole < channels && z < table.before.length; z++) {
      int before = table.before[z] * channels;
      int after = table.after[z] * channels;
      float share = table.afterShare[z];
      for (int c = whole; c < channels; c++) {
        float value = row[before + c];
        if (share != 0) {
          value = Math.fma(row[after + c], share, value * table.beforeShare[z]);
        }
        out.set(JAVA_FLOAT_UNALIGNED, to + 4L * ((long) z * channels + c), value);
      }
    }
  }

  private static void alongVectors(
      float[] row, AxisTable table, int channels, int whole, MemorySegment out, long to) {
    out = NativeMemory.known(out);
    for (int z = 0; z < table.before.length; z++) {
      int before = table.before[z] * channels;
      int after = table.after[z] * channels;
      float share = table.afterShare[z];
      float other = table.beforeShare[z];
      long at = to + 4L * z * channels;
      if (share == 0) {
        for (int c = 0; c < whole; c += LANES) {
          store(FloatVector.fromArray(SPECIES, row, before + c), out, at + 4L * c);
        }
      } else {
        for (int c = 0; c < whole; c += LANES) {
          FloatVector value = FloatVector.fromArray(SPECIES, row, before + c).mul(lanes(other));
          value = FloatVector.fromArray(SPECIES, row, after + c).fma(lanes(share), value);
          store(value, out, at + 4L * c);
        }
      }
    }
  }

  /** Writes a row of the gradient: each pixel gathers those of the row that see it, in order. */
  static void gather(float[] row, AxisTable table, int channels, MemorySegment out, long to) {
    int whole = channels / LANES * LANES;
    if (whole > 0) {
      gatherVectors(row, table, channels, whole, out, to);
    }
    for (int z = 0; whole < channels && z < table.first.length; z++) {
      for (int c = whole; c < channels; c++) {
        int i = table.first[z];
        float sum = row[i * channels + c] * table.share(i, z);
        for (i++; i < table.end[z]; i++) {
          sum = Math.fma(row[i * channels + c], table.share(i, z), sum);
        }
        out.set(JAVA_FLOAT_UNALIGNED, to + 4L * ((long) z * channels + c), sum);
      }
    }
  }

  private static void gatherVectors(
      float[] row, AxisTable table, int channels, int whole, MemorySegment out, long to) {
    out = NativeMemory.known(out);
    for (int z = 0; z < table.first.length; z++) {
      int first = table.first[z];
      int end = table.end[z];
      long at = to + 4L * z * channels;
      for (int c = 0; c < whole; c += LANES) {
        FloatVector sum =
            FloatVector.fromArray(SPECIES, row, first * channels + c)
                .mul(lanes(table.share(first, z)));
        for (int i = first + 1; i < end; i++) {
          sum =
              FloatVector.fromArray(SPECIES, row, i * channels + c)
                  .fma(lanes(table.share(i, z)), sum);
        }
        store(sum, out, at + 4L * c);
      }
    }
  }
}
