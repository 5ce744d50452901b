package dev.quern.simd;

import static dev.quern.simd.PointwiseLoops.load;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The confusion counts of a chunk over native memory and over arrays, whole vectors only. */
final class ConfusionLoops {
  private ConfusionLoops() {}

  /**
   * Adds counts.
   *
   * @return how many targets were 0, 1 or ignored
   */
  static int count(
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      int n,
      float cut,
      float ignored,
      Confusion counts) {
    FloatVector least = FloatVector.broadcast(SPECIES, cut);
    FloatVector skip = FloatVector.broadcast(SPECIES, ignored);
    int skipped = 0;
    int negatives = 0;
    int positives = 0;
    int wrong = 0;
    int both = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, tAt + 4L * i);
      VectorMask<Float> out = ti.compare(VectorOperators.EQ, skip);
      VectorMask<Float> negative = ti.compare(VectorOperators.EQ, lanes(0.0f)).andNot(out);
      VectorMask<Float> positive = ti.compare(VectorOperators.EQ, lanes(1.0f)).andNot(out);
      VectorMask<Float> hit = load(x, xAt + 4L * i).compare(VectorOperators.GE, least);
      skipped += out.trueCount();
      negatives += negative.trueCount();
      positives += positive.trueCount();
      wrong += hit.and(negative).trueCount();
      both += hit.and(positive).trueCount();
    }
    counts.add(negatives, positives, wrong + both, both);
    return skipped + negatives + positives;
  }

  /** The same over arrays. */
  static int count(
      float[] x, int xAt, float[] t, int n, float cut, float ignored, Confusion counts) {
    FloatVector least = FloatVector.broadcast(SPECIES, cut);
    FloatVector skip = FloatVector.broadcast(SPECIES, ignored);
    int skipped = 0;
    int negatives = 0;
    int positives = 0;
    int wrong = 0;
    int both = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      VectorMask<Float> out = ti.compare(VectorOperators.EQ, skip);
      VectorMask<Float> negative = ti.compare(VectorOperators.EQ, lanes(0.0f)).andNot(out);
      VectorMask<Float> positive = ti.compare(VectorOperators.EQ, lanes(1.0f)).andNot(out);
      VectorMask<Float> hit =
          FloatVector.fromArray(SPECIES, x, xAt + i).compare(VectorOperators.GE, least);
      skipped += out.trueCount();
      negatives += negative.trueCount();
      positives += positive.trueCount();
      wrong += hit.and(negative).trueCount();
      both += hit.and(positive).trueCount();
    }
    counts.add(negatives, positives, wrong + both, both);
    return skipped + negatives + positives;
  }

  /** Returns the place of the first target that is neither 0, 1 nor ignored; n if there is none. */
  static int firstFault(MemorySegment t, long tAt, int n, float ignored) {
    for (int i = 0; i < n; i++) {
      float ti = t.get(JAVA_FLOAT, tAt + 4L * i);
      if (ti != 0 && ti != 1 && ti != ignored) {
        return i;
      }
    }
    return n;
  }
}
