package dev.quern.simd.loss;

import static dev.quern.simd.loss.LossChunk.ROW;
import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.NativeVectors;
import dev.quern.simd.math.VectorMath;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossSums;
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
 * and neither do sums of them. With k_c the slope of the loss in p_c, l the label, f the likeliest
 * class, e_c = e^x_c:
 *
 * <pre>
 *     p_c = e_c / sum of e      1 - p_l = (sum of e_j, j not l) / sum of e
 *     -ln p_l = ln(1 + z), z = (sum of e_j, j not l) / e_l
 *     g_c = p_c (k_c - k_f - K + w),  g_l = p_l (k_l - k_f - K - w z),  K = sum of p_j (k_j - k_f)
 * </pre>
 *
 * w being the cross-entropy's coefficient times the label's weight. Nothing cancels, be the label
 * sure or unlikely: f's own difference is 0, and the others' probabilities are at most 1/2. Loops
 * go over the pixels of a class; blocks of native memory of which every pixel counts are read and
 * written in place, others through copies.
 */
final class LabelLoops {
  /** Blocks with a logit of this magnitude or more, or NaN, are left to {@link SoftmaxLoops}. */
  private static final float MODERATE = 32;

  private LabelLoops() {}

  static boolean isModerate(LossChunk c) {
    return c.largestBits < Float.floatToRawIntBits(MODERATE);
  }

  /** Starts the sums of a block's pixels; one without a label has 1 for its exponential. */
  static void start(LossChunk c) {
    c.largestBits = 0;
    Arrays.fill(c.own, 0, c.padded, 1);
    Arrays.fill(c.others, 0, c.padded, 0);
    Arrays.fill(c.rest, 0, c.padded, 0);
    Arrays.fill(c.largest, 0, c.padded, 0);
    Arrays.fill(c.anchor, 0, c.padded, 0);
  }

  /** e^x, the label's, and the sum of the others', from native memory. */
  static void exponentials(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      int bits = exponentials(c, k, c.inputs.x(), c.rowAt(k), c.sides[k], c.n);
      c.largestBits = Math.max(c.largestBits, bits);
    }
  }

  private static int exponentials(
      LossChunk c, int index, MemorySegment x, long at, float[] e, int n) {
    float[] label = c.label;
    float[] own = c.own;
    float[] others = c.others;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = NativeVectors.load(x, at + 4L * i);
      largest = largest.max(magnitude(xi));
      FloatVector ei = VectorMath.expModerate(xi);
      ei.intoArray(e, i);
      VectorMask<Float> isOther = load(label, i).compare(VectorOperators.NE, self);
      load(others, i).add(ei, isOther).intoArray(others, i);
      ei.blend(load(own, i), isOther).intoArray(own, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** The same from copies, in which pixels that do not count have logits of 0. */
  static void stagedExponentials(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      LossStaging.inputRow(c, 0);
      int bits = exponentials(c, k, c.x, c.side, c.padded);
      c.largestBits = Math.max(c.largestBits, bits);
    }
  }

  private static int exponentials(LossChunk c, int index, float[] x, float[] e, int n) {
    float[] label = c.label;
    float[] own = c.own;
    float[] others = c.others;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(x, i);
      largest = largest.max(magnitude(xi));
      FloatVector ei = VectorMath.expModerate(xi);
      ei.intoArray(e, i);
      VectorMask<Float> isOther = load(label, i).compare(VectorOperators.NE, self);
      load(others, i).add(ei, isOther).intoArray(others, i);
      ei.blend(load(own, i), isOther).intoArray(own, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** e^x, their sum, and the slope of the likeliest class, from native memory. */
  static void anchoredExponentials(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      int bits = anchoredExponentials(c, c.inputs.x(), c.rowAt(k), c.side, c.n);
      c.largestBits = Math.max(c.largestBits, bits);
    }
  }

  private static int anchoredExponentials(LossChunk c, MemorySegment x, long at, float[] e, int n) {
    float[] label = c.label;
    float[] total = c.rest;
    float[] most = c.largest;
    float[] anchor = c.anchor;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) c.c);
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = NativeVectors.load(x, at + 4L * i);
      largest = largest.max(magnitude(xi));
      FloatVector ei = VectorMath.expModerate(xi);
      ei.intoArray(e, i);
      load(total, i).add(ei).intoArray(total, i);
      FloatVector before = load(most, i);
      VectorMask<Float> above = ei.compare(VectorOperators.GT, before);
      before.blend(ei, above).intoArray(most, i);
      FloatVector slope = miss.blend(hit, load(label, i).compare(VectorOperators.EQ, self));
      load(anchor, i).blend(slope, above).intoArray(anchor, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** The same from copies, in which pixels that do not count have logits of 0. */
  static void stagedAnchoredExponentials(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      LossStaging.inputRow(c, 0);
      int bits = anchoredExponentials(c, c.x, c.side, c.padded);
      c.largestBits = Math.max(c.largestBits, bits);
    }
  }

  private static int anchoredExponentials(LossChunk c, float[] x, float[] e, int n) {
    float[] label = c.label;
    float[] total = c.rest;
    float[] most = c.largest;
    float[] anchor = c.anchor;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) c.c);
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(x, i);
      largest = largest.max(magnitude(xi));
      FloatVector ei = VectorMath.expModerate(xi);
      ei.intoArray(e, i);
      load(total, i).add(ei).intoArray(total, i);
      FloatVector before = load(most, i);
      VectorMask<Float> above = ei.compare(VectorOperators.GT, before);
      before.blend(ei, above).intoArray(most, i);
      FloatVector slope = miss.blend(hit, load(label, i).compare(VectorOperators.EQ, self));
      load(anchor, i).blend(slope, above).intoArray(anchor, i);
    }
    return largest.reduceLanes(VectorOperators.MAX);
  }

  /** Bits that grow with |x|; those of NaN are the greatest. */
  private static IntVector magnitude(FloatVector x) {
    return x.reinterpretAsInts().and(Integer.MAX_VALUE);
  }

  /** The sum of the exponentials from the label's and the others'. */
  static void addUp(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      load(c.own, i).add(load(c.others, i)).intoArray(c.rest, i);
    }
  }

  /** 1 / sum, 0 for pixels that do not count. */
  static void inverse(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      load(c.keep, i).div(load(c.rest, i)).intoArray(c.inverse, i);
    }
  }

  // ---- pass 1 ----

  /** 1 - p of the label. */
  static void rest(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      load(c.others, i).mul(load(c.inverse, i)).intoArray(c.rest, i);
    }
  }

  /** Sums of true positives, false positives and false negatives of every class. */
  static void overlapSums(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      for (int first = 0; first < ROW; first += LANES) {
        overlapSums(c, k, c.sides[k], first, c.padded);
      }
      c.addUp(k, LossSums.TRUE_POSITIVES);
      c.addUp(k, LossSums.FALSE_POSITIVES);
      c.addUp(k, LossSums.FALSE_NEGATIVES);
    }
  }

  /** Every other row has accumulators of its own, or an addition would wait for the one before. */
  private static void overlapSums(LossChunk c, int index, float[] e, int first, int n) {
    float[] inverse = c.inverse;
    float[] label = c.label;
    float[] rest = c.rest;
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector bothToo = FloatVector.zero(SPECIES);
    FloatVector above = FloatVector.zero(SPECIES);
    FloatVector aboveToo = FloatVector.zero(SPECIES);
    FloatVector below = FloatVector.zero(SPECIES);
    FloatVector belowToo = FloatVector.zero(SPECIES);
    FloatVector own = FloatVector.broadcast(SPECIES, (float) index);
    int i = first;
    for (; i < n - ROW; i += 2 * ROW) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, own);
      FloatVector p = load(e, i).mul(load(inverse, i));
      both = both.add(p, isLabel);
      above = above.add(p, isLabel.not());
      below = below.add(load(rest, i), isLabel);
      VectorMask<Float> isLabelToo = load(label, i + ROW).compare(VectorOperators.EQ, own);
      FloatVector pToo = load(e, i + ROW).mul(load(inverse, i + ROW));
      bothToo = bothToo.add(pToo, isLabelToo);
      aboveToo = aboveToo.add(pToo, isLabelToo.not());
      belowToo = belowToo.add(load(rest, i + ROW), isLabelToo);
    }
    if (i < n) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, own);
      FloatVector p = load(e, i).mul(load(inverse, i));
      both = both.add(p, isLabel);
      above = above.add(p, isLabel.not());
      below = below.add(load(rest, i), isLabel);
    }
    OverlapLoops.add(both.add(bothToo), c.lanes, LossSums.TRUE_POSITIVES * ROW + first);
    OverlapLoops.add(above.add(aboveToo), c.lanes, LossSums.FALSE_POSITIVES * ROW + first);
    OverlapLoops.add(below.add(belowToo), c.lanes, LossSums.FALSE_NEGATIVES * ROW + first);
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
    lookUp(c.options.crossEntropyFactors, indices(c), c.w, c.padded);
  }

  private static void lookUp(float[] table, int[] indices, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = table[indices[i]];
    }
  }

  // ---- gradient ----

  /** Adds up e_j (k_j - k_f), 0 for the likeliest class itself. */
  static void mean(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      mean(c, c.side, c.padded);
    }
  }

  private static void mean(LossChunk c, float[] e, int n) {
    float[] label = c.label;
    float[] anchor = c.anchor;
    float[] mean = c.slopeSum;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) c.c);
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector slope = miss.blend(hit, isLabel).sub(load(anchor, i));
      slope.fma(load(e, i), load(mean, i)).intoArray(mean, i);
    }
  }

  /** -K. */
  static void pulls(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector pull = load(c.slopeSum, i).mul(load(c.inverse, i)).neg();
      pull.intoArray(c.labelPull, i);
      pull.intoArray(c.otherPull, i);
    }
  }

  /** Adds w, for the label -w z. */
  static void crossEntropyPulls(LossChunk c) {
    FloatVector k =
        FloatVector.broadcast(SPECIES, c.coefficient(0, LossCoefficients.CROSS_ENTROPY));
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector w = k.mul(load(c.w, i));
      load(c.otherPull, i).add(w).intoArray(c.otherPull, i);
      w.neg().fma(load(c.others, i), load(c.labelPull, i)).intoArray(c.labelPull, i);
    }
  }

  /** The gradient, where it belongs. */
  static void gradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      gradient(c, c.side, out, c.rowAt(k));
    }
  }

  private static void gradient(LossChunk c, float[] e, MemorySegment out, long at) {
    float[] inverse = c.inverse;
    float[] label = c.label;
    float[] anchor = c.anchor;
    float[] labelPull = c.labelPull;
    float[] otherPull = c.otherPull;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) c.c);
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector step = miss.blend(hit, isLabel).sub(load(anchor, i));
      step = step.add(load(otherPull, i).blend(load(labelPull, i), isLabel));
      NativeVectors.store(load(e, i).mul(load(inverse, i)).mul(step), out, at + 4L * i);
    }
  }

  /** The same through a copy. */
  static void stagedGradient(LossChunk c) {
    for (int k = 0; k < c.options.classes; k++) {
      c.select(k);
      gradient(c, c.side, c.gradient);
      LossStaging.storeGradient(c);
    }
  }

  private static void gradient(LossChunk c, float[] e, float[] gradient) {
    float[] inverse = c.inverse;
    float[] label = c.label;
    float[] anchor = c.anchor;
    float[] labelPull = c.labelPull;
    float[] otherPull = c.otherPull;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) c.c);
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector step = miss.blend(hit, isLabel).sub(load(anchor, i));
      step = step.add(load(otherPull, i).blend(load(labelPull, i), isLabel));
      load(e, i).mul(load(inverse, i)).mul(step).intoArray(gradient, i);
    }
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i);
  }
}
