package dev.quern.simd.reduction;

import static dev.quern.simd.math.NativeVectors.ORDER;
import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.IS_NAN;

import dev.quern.simd.math.NativeMemory;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * Neighbouring columns, {@code n} of a wider matrix, down its rows. Lanes are columns; the last,
 * fewer than a vector, go one by one.
 */
final class StripLoops {
  private StripLoops() {}

  /** Adds the rows to the sums. */
  static void add(MemorySegment x, long at, int rows, long width, int n, float[] sums) {
    int whole = n / LANES * LANES;
    addVectors(x, at, rows, width, whole, sums);
    for (int c = whole; c < n; c++) {
      for (int r = 0; r < rows; r++) {
        sums[c] += x.get(JAVA_FLOAT_UNALIGNED, at + 4 * (r * width + c));
      }
    }
  }

  private static void addVectors(
      MemorySegment x, long at, int rows, long width, int n, float[] sums) {
    x = NativeMemory.known(x);
    for (int r = 0; r < rows; r++) {
      long row = at + 4L * r * width;
      for (int c = 0; c < n; c += LANES) {
        FloatVector.fromArray(SPECIES, sums, c).add(load(x, row + 4L * c)).intoArray(sums, c);
      }
    }
  }

  /** Finds the greatest of each column and its row: the first of equal ones, the first NaN. */
  static void greatest(
      MemorySegment x,
      long at,
      long rows,
      long width,
      int n,
      MemorySegment out,
      MemorySegment places,
      long to) {
    int whole = n / LANES * LANES;
    greatestVectors(x, at, rows, width, whole, out, places, to);
    for (int c = whole; c < n; c++) {
      float most = x.get(JAVA_FLOAT_UNALIGNED, at + 4L * c);
      int place = 0;
      for (int r = 1; r < rows && !Float.isNaN(most); r++) {
        float value = x.get(JAVA_FLOAT_UNALIGNED, at + 4 * (r * width + c));
        if (value > most || Float.isNaN(value)) {
          most = value;
          place = r;
        }
      }
      out.set(JAVA_FLOAT_UNALIGNED, to + 4L * c, most);
      places.set(JAVA_INT_UNALIGNED, to + 4L * c, place);
    }
  }

  private static void greatestVectors(
      MemorySegment x,
      long at,
      long rows,
      long width,
      int n,
      MemorySegment out,
      MemorySegment places,
      long to) {
    x = NativeMemory.known(x);
    out = NativeMemory.known(out);
    places = NativeMemory.known(places);
    for (int c = 0; c < n; c += LANES) {
      FloatVector most = load(x, at + 4L * c);
      IntVector place = IntVector.zero(INTS);
      for (int r = 1; r < rows; r++) {
        FloatVector value = load(x, at + 4 * (r * width + c));
        // a NaN is greater than all, but not than the NaN before it
        VectorMask<Float> greater =
            value.compare(GT, most).or(value.test(IS_NAN)).andNot(most.test(IS_NAN));
        most = most.blend(value, greater);
        place = place.blend(r, greater.cast(INTS));
      }
      store(most, out, to + 4L * c);
      place.intoMemorySegment(places, to + 4L * c, ORDER);
    }
  }

  /** Writes a row of values where it is the row of their places, else 0. */
  static void scatter(
      MemorySegment values,
      MemorySegment places,
      long from,
      int row,
      MemorySegment out,
      long to,
      int n) {
    int whole = n / LANES * LANES;
    scatterVectors(values, places, from, row, out, to, whole);
    for (int c = whole; c < n; c++) {
      boolean here = places.get(JAVA_INT_UNALIGNED, from + 4L * c) == row;
      float value = here ? values.get(JAVA_FLOAT_UNALIGNED, from + 4L * c) : 0;
      out.set(JAVA_FLOAT_UNALIGNED, to + 4L * c, value);
    }
  }

  private static void scatterVectors(
      MemorySegment values,
      MemorySegment places,
      long from,
      int row,
      MemorySegment out,
      long to,
      int n) {
    values = NativeMemory.known(values);
    places = NativeMemory.known(places);
    out = NativeMemory.known(out);
    for (int c = 0; c < n; c += LANES) {
      VectorMask<Integer> here =
          IntVector.fromMemorySegment(INTS, places, from + 4L * c, ORDER).eq(row);
      FloatVector value = load(values, from + 4L * c);
      store(FloatVector.zero(SPECIES).blend(value, here.cast(SPECIES)), out, to + 4L * c);
    }
  }
}
