package dev.quern.simd.lovasz;

import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.simd.math.Sides;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of the Lovasz losses over a chunk of staged pixels: errors and their keys, whole
 * vectors, the padding behind the last pixel ignored. A key is the greatest int less the bits of
 * the error, so that ascending keys are descending errors, NaN first; errors of 0 and less are not
 * kept.
 */
final class LovaszLoops {
  private LovaszLoops() {}

  /**
   * Replaces labels that are ignored or too large.
   *
   * @return whether none was too large
   */
  static boolean markIgnored(float[] labels, int n, int classes, float ignored) {
    FloatVector skip = FloatVector.broadcast(SPECIES, ignored);
    FloatVector end = FloatVector.broadcast(SPECIES, classes);
    boolean clean = true;
    for (int i = 0; i < n; i += LANES) {
      FloatVector t = FloatVector.fromArray(SPECIES, labels, i);
      VectorMask<Float> skipped = t.compare(VectorOperators.EQ, skip);
      VectorMask<Float> large = t.compare(VectorOperators.GE, end);
      t.blend(lanes(LovaszStage.IGNORED), skipped.or(large)).intoArray(labels, i);
      clean &= !large.andNot(skipped).anyTrue();
    }
    return clean;
  }

  /**
   * Computes the keys of the hinge errors.
   *
   * @return the number of pixels of label 1
   */
  static int hinge(LovaszStage stage, int n) {
    float[] labels = stage.labels;
    float[] logits = stage.values;
    int[] keys = stage.keys;
    long[] kept = stage.kept;
    long[] falling = stage.falling;
    int foreground = 0;
    int vector = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector t = FloatVector.fromArray(SPECIES, labels, i);
      FloatVector x = FloatVector.fromArray(SPECIES, logits, i);
      VectorMask<Float> positive = t.compare(VectorOperators.EQ, lanes(1.0f));
      FloatVector error = lanes(1.0f).add(x).blend(lanes(1.0f).sub(x), positive);
      VectorMask<Float> dropped = error.compare(VectorOperators.LE, lanes(0.0f));
      VectorMask<Float> valid = t.compare(VectorOperators.GE, lanes(0.0f));
      long positives = positive.toLong();
      keys(error, positive).intoArray(keys, i);
      kept[vector] = valid.andNot(dropped).toLong();
      falling[vector] = positives;
      foreground += Long.bitCount(positives);
      vector++;
    }
    return foreground;
  }

  /**
   * Computes the keys of |f - p| for one class, from p or, where it is above 1/2, from p - 1.
   *
   * @return the number of pixels of that class
   */
  static int softmax(LovaszStage stage, int label, int n) {
    float[] labels = stage.labels;
    float[] values = stage.values;
    int[] keys = stage.keys;
    long[] kept = stage.kept;
    long[] falling = stage.falling;
    FloatVector wanted = FloatVector.broadcast(SPECIES, (float) label);
    int foreground = 0;
    int vector = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector t = FloatVector.fromArray(SPECIES, labels, i);
      FloatVector v = FloatVector.fromArray(SPECIES, values, i);
      VectorMask<Float> inside = t.compare(VectorOperators.EQ, wanted);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      VectorMask<Float> takesLarge = Sides.negative(v).xor(inside.not());
      FloatVector error = small.blend(large, takesLarge);
      VectorMask<Float> none = error.compare(VectorOperators.EQ, lanes(0.0f));
      VectorMask<Float> valid = t.compare(VectorOperators.GE, lanes(0.0f));
      long positives = inside.toLong();
      keys(error, inside).intoArray(keys, i);
      kept[vector] = valid.andNot(none).toLong();
      falling[vector] = positives;
      foreground += Long.bitCount(positives);
      vector++;
    }
    return foreground;
  }

  /**
   * Computes the keys of |f - p| for one class from given probabilities.
   *
   * @return the number of pixels of that class
   */
  static int probabilities(LovaszStage stage, int label, int n) {
    float[] labels = stage.labels;
    float[] values = stage.values;
    int[] keys = stage.keys;
    long[] kept = stage.kept;
    long[] falling = stage.falling;
    FloatVector wanted = FloatVector.broadcast(SPECIES, (float) label);
    int foreground = 0;
    int vector = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector t = FloatVector.fromArray(SPECIES, labels, i);
      FloatVector p = FloatVector.fromArray(SPECIES, values, i);
      VectorMask<Float> inside = t.compare(VectorOperators.EQ, wanted);
      FloatVector shortfall = lanes(0.0f).sub(p).blend(lanes(1.0f).sub(p), inside);
      VectorMask<Float> none = shortfall.compare(VectorOperators.EQ, lanes(0.0f));
      VectorMask<Float> valid = t.compare(VectorOperators.GE, lanes(0.0f));
      keys(shortfall.abs(), inside).intoArray(keys, i);
      kept[vector] = valid.andNot(none).toLong();
      falling[vector] = shortfall.compare(VectorOperators.GT, lanes(0.0f)).toLong();
      foreground += Long.bitCount(inside.toLong());
      vector++;
    }
    return foreground;
  }

  private static IntVector keys(FloatVector error, VectorMask<Float> foreground) {
    IntVector bits = error.reinterpretAsInts();
    VectorMask<Integer> nan = error.compare(VectorOperators.NE, error).cast(INTS);
    IntVector key =
        IntVector.broadcast(INTS, Integer.MAX_VALUE)
            .sub(bits.blend(IntVector.broadcast(INTS, 0x7fc00000), nan));
    return key.lanewise(
        VectorOperators.OR, IntVector.broadcast(INTS, 0x80000000), foreground.cast(INTS));
  }

  /** Makes items of the lanes that are kept; no more than {@code n} places are written. */
  static int compact(
      int[] keys, long[] kept, long[] falling, int n, int position, MemorySegment items, int at) {
    int place = at;
    int vector = 0;
    for (int i = 0; i < n; i += LANES) {
      long keep = kept[vector];
      long falls = falling[vector];
      vector++;
      if (keep == 0) {
        continue;
      }
      for (int lane = i; lane < Math.min(n, i + LANES); lane++) {
        // without a branch: what is kept comes at random
        long item = LovaszWalk.item(keys[lane], position + lane, falls & 1);
        items.set(JAVA_LONG, 8L * place, item);
        place += (int) keep & 1;
        keep >>>= 1;
        falls >>>= 1;
      }
    }
    return place - at;
  }
}
