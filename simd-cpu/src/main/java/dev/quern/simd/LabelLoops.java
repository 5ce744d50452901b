package dev.quern.simd;

import static dev.quern.simd.LossChunk.ROW;
import static dev.quern.simd.VectorMath.INTS;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.lanes;

import dev.quern.reference.ElementLoss;
import dev.quern.spi.LossTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Overlap losses and the cross-entropy of labels that exclude one another, from moderate logits:
 * what {@link SoftmaxLoops} computes for any target and logit, with half the operations. Both
 * passes compute the softmax anew: its exponentials cost less than writing and reading them. Logits
 * below {@link #MODERATE} need no largest one subtracted, no exponential leaves the normal numbers,
 * and neither do sums of them. With k_c the slope of the loss in p_c, l the label, e_c = e^x_c:
 *
 * <pre>
 *     p_c = e_c / sum of e      -ln p_l = ln(1 + z), z = (sum of e_j, j not l) / e_l
 *     g_c = p_c (k_c - k_l - K + w),  g_l = -p_l (K + w z),  K = sum of p_j (k_j - k_l)
 * </pre>
 *
 * w being the cross-entropy's coefficient times the label's weight. Nothing cancels where the label
 * is sure. Loops go over the pixels of a class; blocks of native memory of which every pixel counts
 * are read and written in place, others through copies.
 */
final class LabelLoops {
  /** Blocks with a logit of this magnitude or more, or NaN, are left to {@link SoftmaxLoops}. */
  private static final float MODERATE = 32;

  private LabelLoops() {}

  static boolean isModerate(LossChunk c) {
    return c.largestBits < Float.floatToRawIntBits(MODERATE);
  }

  /** Starts the sums of a block's pixels. */
  static void start(LossChunk c) {
    c.largestBits = 0;
    Arrays.fill(c.total, 0, c.padded, 0);
  }

  /** e^x and its sum over the classes, from native memory. */
  static void exponentials(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      int bits = exponentials(c.inputs.x(), c.rowAt(k), c.sides[k], c.total, c.n);
      c.largestBits = Math.max(c.largestBits, bits);
    }
  }

  private static int exponentials(MemorySegment x, long at, float[] e, float[] total, int n) {
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = PointwiseLoops.load(x, at + 4L * i);
      largest = largest.max(magnitude(xi));
      FloatVector ei = VectorMath.expModerate(xi);
      ei.intoArray(e, i);
      load(total, i).add(ei).intoArray(total, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** The same from copies, in which pixels that do not count have logits of 0. */
  static void stagedExponentials(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      LossStaging.inputRow(c, 0);
      int bits = exponentials(c.x, c.side, c.total, c.padded);
      c.largestBits = Math.max(c.largestBits, bits);
    }
  }

  private static int exponentials(float[] x, float[] e, float[] total, int n) {
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(x, i);
      largest = largest.max(magnitude(xi));
      FloatVector ei = VectorMath.expModerate(xi);
      ei.intoArray(e, i);
      load(total, i).add(ei).intoArray(total, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** Bits that grow with |x|; those of NaN are the greatest. */
  private static IntVector magnitude(FloatVector x) {
    return x.reinterpretAsInts().and(Integer.MAX_VALUE);
  }

  /** 1 / total, 0 for pixels that do not count; starts what the other loops add to. */
  static void inverse(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      load(c.keep, i).div(load(c.total, i)).intoArray(c.inverse, i);
    }
    Arrays.fill(c.own, 0, c.padded, 1);
    Arrays.fill(c.others, 0, c.padded, 0);
    Arrays.fill(c.mean, 0, c.padded, 0);
  }

  // ---- pass 1 ----

  /** Sums of p t, p and t of every class. */
  static void overlapSums(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      int targets = 0;
      for (int first = 0; first < ROW; first += LANES) {
        targets += overlapSums(c.sides[k], c.inverse, c.label, k, c.lanes, first, c.padded);
      }
      c.sums[k * LossTable.SUMS + ElementLoss.TARGET] += targets;
      c.addUp(k, ElementLoss.TRUE_POSITIVES);
      c.addUp(k, ElementLoss.PROBABILITIES);
    }
  }

  /** Every other row has accumulators of its own, or an addition would wait for the one before. */
  private static int overlapSums(
      float[] e, float[] inverse, float[] label, int index, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector more = FloatVector.zero(SPECIES);
    FloatVector probabilities = FloatVector.zero(SPECIES);
    FloatVector others = FloatVector.zero(SPECIES);
    FloatVector own = FloatVector.broadcast(SPECIES, (float) index);
    int targets = 0;
    int i = first;
    for (; i < n - ROW; i += 2 * ROW) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, own);
      FloatVector p = load(e, i).mul(load(inverse, i));
      probabilities = probabilities.add(p);
      both = both.add(p, isLabel);
      VectorMask<Float> isLabelToo = load(label, i + ROW).compare(VectorOperators.EQ, own);
      FloatVector q = load(e, i + ROW).mul(load(inverse, i + ROW));
      others = others.add(q);
      more = more.add(q, isLabelToo);
      targets += isLabel.trueCount() + isLabelToo.trueCount();
    }
    if (i < n) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, own);
      FloatVector p = load(e, i).mul(load(inverse, i));
      probabilities = probabilities.add(p);
      both = both.add(p, isLabel);
      targets += isLabel.trueCount();
    }
    OverlapLoops.add(both.add(more), lanes, ElementLoss.TRUE_POSITIVES * ROW + first);
    OverlapLoops.add(probabilities.add(others), lanes, ElementLoss.PROBABILITIES * ROW + first);
    return targets;
  }

  // ---- cross-entropy ----

  /** Adds up the exponentials of the classes that are not the label, and keeps the label's. */
  static void others(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      others(c.sides[k], c.label, k, c.own, c.others, c.padded);
    }
  }

  private static void others(
      float[] e, float[] label, int index, float[] own, float[] others, int n) {
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isOther = load(label, i).compare(VectorOperators.NE, self);
      FloatVector ei = load(e, i);
      load(others, i).add(ei, isOther).intoArray(others, i);
      ei.blend(load(own, i), isOther).intoArray(own, i);
    }
  }

  /** z = others / own, in place of others. */
  static void odds(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      load(c.others, i).div(load(c.own, i)).intoArray(c.others, i);
    }
  }

  /** The pixels' cross-entropy, w ln(1 + z). */
  static void crossEntropy(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector z = load(c.others, i);
      VectorMath.log(z.add(lanes(1.0f))).intoArray(c.crossEntropy, i);
    }
  }

  /** The same where z is at most 1. */
  static void smallCrossEntropy(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector z = load(c.others, i);
      FloatVector small = VectorMath.log1pUnit(z);
      load(c.crossEntropy, i)
          .blend(small, z.compare(VectorOperators.LE, lanes(1.0f)))
          .mul(load(c.w, i))
          .intoArray(c.crossEntropy, i);
    }
  }

  // ---- what belongs to the label ----

  /** The pixels' labels as indices, 0 for none. */
  private static int[] indices(LossChunk c) {
    int[] indices = c.ints;
    IntVector none = IntVector.zero(INTS);
    for (int i = 0; i < c.padded; i += LANES) {
      IntVector label = (IntVector) load(c.label, i).convert(VectorOperators.F2I, 0);
      label.max(none).intoArray(indices, i);
    }
    return indices;
  }

  /** The weight of each pixel's label in the cross-entropy; 0 without one. */
  static void labelWeights(LossChunk c) {
    if (!c.options.crossEntropy || !c.options.weighsClasses) {
      Arrays.fill(c.w, 0, c.padded, c.options.crossEntropy ? 1 : 0);
      return;
    }
    int classes = c.options.classes;
    lookUp(Arrays.copyOfRange(c.options.factors, classes, 2 * classes), indices(c), c.w, c.padded);
  }

  /** The slope k_l of each pixel's label. */
  static void labelSlopes(LossChunk c) {
    float[] slopes = c.slopeOfClass;
    for (int k = 0; k < c.options.classes; k++) {
      slopes[k] = c.coefficient(k, ElementLoss.K_A) + c.coefficient(k, ElementLoss.K_B);
    }
    lookUp(slopes, indices(c), c.slope, c.padded);
  }

  private static void lookUp(float[] table, int[] indices, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = table[indices[i]];
    }
  }

  // ---- gradient ----

  /** Adds up e_j (k_j - k_l) of the classes that are not the label. */
  static void mean(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      float own = c.coefficient(k, ElementLoss.K_B);
      mean(c.sides[k], c.label, k, own, c.slope, c.mean, c.padded);
    }
  }

  private static void mean(
      float[] e, float[] label, int index, float own, float[] slope, float[] mean, int n) {
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    FloatVector k = FloatVector.broadcast(SPECIES, own);
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isOther = load(label, i).compare(VectorOperators.NE, self);
      FloatVector step = k.sub(load(slope, i)).mul(load(e, i));
      load(mean, i).add(step, isOther).intoArray(mean, i);
    }
  }

  /** k_l + K - w for the other classes in {@code slope}, -K - w z for the label in {@code mean}. */
  static void pulls(LossChunk c) {
    FloatVector k = FloatVector.broadcast(SPECIES, c.coefficient(0, ElementLoss.K_CROSS_ENTROPY));
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector mean = load(c.mean, i).mul(load(c.inverse, i));
      FloatVector w = k.mul(load(c.w, i));
      load(c.slope, i).add(mean).sub(w).intoArray(c.slope, i);
      w.fma(load(c.others, i), mean).neg().intoArray(c.mean, i);
    }
  }

  /** The gradient, where it belongs. */
  static void gradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    for (int k = 0; k < c.options.classes; k++) {
      float own = c.coefficient(k, ElementLoss.K_B);
      gradient(c, k, own, c.sides[k], out, c.rowAt(k));
    }
  }

  private static void gradient(
      LossChunk c, int index, float own, float[] e, MemorySegment out, long at) {
    float[] inverse = c.inverse;
    float[] label = c.label;
    float[] pull = c.slope;
    float[] ownPull = c.mean;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    FloatVector k = FloatVector.broadcast(SPECIES, own);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector step = k.sub(load(pull, i)).blend(load(ownPull, i), isLabel);
      PointwiseLoops.store(load(e, i).mul(load(inverse, i)).mul(step), out, at + 4L * i);
    }
  }

  /** The same through a copy. */
  static void stagedGradient(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      gradient(c, k, c.coefficient(k, ElementLoss.K_B), c.side, c.gradient);
      LossStaging.storeGradient(c);
    }
  }

  private static void gradient(LossChunk c, int index, float own, float[] e, float[] gradient) {
    float[] inverse = c.inverse;
    float[] label = c.label;
    float[] pull = c.slope;
    float[] ownPull = c.mean;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    FloatVector k = FloatVector.broadcast(SPECIES, own);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector step = k.sub(load(pull, i)).blend(load(ownPull, i), isLabel);
      load(e, i).mul(load(inverse, i)).mul(step).intoArray(gradient, i);
    }
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i);
  }
}
