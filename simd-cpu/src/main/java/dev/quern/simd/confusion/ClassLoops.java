package dev.quern.simd.confusion;

import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of a multiclass confusion matrix over scratch arrays; n is a multiple of the lanes, and
 * {@code at} is where the labels of these pixels begin.
 */
final class ClassLoops {
  private ClassLoops() {}

  /** Starts the search for the greatest score with class 0. */
  static void first(float[] scores, float[] greatest, int[] label, int at, int n) {
    IntVector zero = IntVector.broadcast(INTS, 0);
    for (int i = 0; i < n; i += LANES) {
      FloatVector.fromArray(SPECIES, scores, i).intoArray(greatest, i);
      zero.intoArray(label, at + i);
    }
  }

  /** Takes another class where its score is greater, or the first NaN. */
  static void next(float[] scores, int c, float[] greatest, int[] label, int at, int n) {
    IntVector taken = IntVector.broadcast(INTS, c);
    for (int i = 0; i < n; i += LANES) {
      FloatVector score = FloatVector.fromArray(SPECIES, scores, i);
      FloatVector best = FloatVector.fromArray(SPECIES, greatest, i);
      VectorMask<Float> number = best.compare(VectorOperators.EQ, best);
      VectorMask<Float> greater = number.andNot(best.compare(VectorOperators.GE, score));
      best.blend(score, greater).intoArray(greatest, i);
      IntVector before = IntVector.fromArray(INTS, label, at + i);
      before.blend(taken, greater.cast(INTS)).intoArray(label, at + i);
    }
  }

  /**
   * Turns targets into cells target * classes + predicted, or classes^2 where a pixel does not
   * count.
   *
   * @return whether any pixel was faulty
   */
  static boolean cells(
      int[] target, int[] predicted, int classes, boolean ignores, int ignored, int[] cell, int n) {
    IntVector end = IntVector.broadcast(INTS, classes);
    IntVector skip = IntVector.broadcast(INTS, ignored);
    IntVector none = IntVector.broadcast(INTS, classes * classes);
    boolean faulty = false;
    for (int i = 0; i < n; i += LANES) {
      IntVector t = IntVector.fromArray(INTS, target, i);
      IntVector p = IntVector.fromArray(INTS, predicted, i);
      VectorMask<Integer> bad =
          t.compare(VectorOperators.UGE, end).or(p.compare(VectorOperators.UGE, end));
      VectorMask<Integer> out = t.compare(VectorOperators.EQ, skip);
      if (!ignores) {
        out = out.xor(out);
      }
      faulty |= bad.andNot(out).anyTrue();
      t.mul(end).add(p).blend(none, bad.or(out)).intoArray(cell, i);
    }
    return faulty;
  }
}
