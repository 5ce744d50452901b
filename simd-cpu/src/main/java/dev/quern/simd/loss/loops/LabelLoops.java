package dev.quern.simd.loss.loops;

import static dev.quern.simd.loss.loops.LossBlock.ROW;
import static dev.quern.simd.loss.loops.LossMath.accumulate;
import static dev.quern.simd.loss.loops.LossMath.load;
import static dev.quern.simd.math.NativeVectors.load;
import static dev.quern.simd.math.NativeVectors.store;
import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

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

  static boolean isModerate(LossBlock b) {
    return b.largestBits < Float.floatToRawIntBits(MODERATE);
  }

  /** Starts the sums of a block's pixels; one without a label has 1 for its exponential. */
  static void start(LossBlock b) {
    b.largestBits = 0;
    Arrays.fill(b.labels.own, 0, b.padded, 1);
    Arrays.fill(b.labels.others, 0, b.padded, 0);
    Arrays.fill(b.labels.total, 0, b.padded, 0);
    Arrays.fill(b.labels.most, 0, b.padded, 0);
    Arrays.fill(b.labels.anchor, 0, b.padded, 0);
    Arrays.fill(b.labels.mean, 0, b.padded, 0);
  }

  /** e^x, the label's, and the sum of the others', from native memory. */
  static void exponentials(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      int bits = exponentials(b, k, b.inputs.x(), b.rowAt(k), b.sides[k], b.n);
      b.largestBits = Math.max(b.largestBits, bits);
    }
  }

  private static int exponentials(
      LossBlock b, int index, MemorySegment x, long at, float[] e, int n) {
    float[] label = b.label;
    float[] own = b.labels.own;
    float[] others = b.labels.others;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) index);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(x, at + 4L * i);
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
  static void stagedExponentials(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      b.select(k);
      LossStaging.inputRow(b, 0);
      int bits = exponentials(b, k, b.x, b.side, b.padded);
      b.largestBits = Math.max(b.largestBits, bits);
    }
  }

  private static int exponentials(LossBlock b, int index, float[] x, float[] e, int n) {
    float[] label = b.label;
    float[] own = b.labels.own;
    float[] others = b.labels.others;
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
  static void anchoredExponentials(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      b.select(k);
      int bits = anchoredExponentials(b, b.inputs.x(), b.rowAt(k), b.side, b.n);
      b.largestBits = Math.max(b.largestBits, bits);
    }
  }

  private static int anchoredExponentials(LossBlock b, MemorySegment x, long at, float[] e, int n) {
    float[] label = b.label;
    float[] total = b.labels.total;
    float[] most = b.labels.most;
    float[] anchor = b.labels.anchor;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    IntVector largest = IntVector.zero(INTS);
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(x, at + 4L * i);
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
  static void stagedAnchoredExponentials(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      b.select(k);
      LossStaging.inputRow(b, 0);
      int bits = anchoredExponentials(b, b.x, b.side, b.padded);
      b.largestBits = Math.max(b.largestBits, bits);
    }
  }

  private static int anchoredExponentials(LossBlock b, float[] x, float[] e, int n) {
    float[] label = b.label;
    float[] total = b.labels.total;
    float[] most = b.labels.most;
    float[] anchor = b.labels.anchor;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
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
  static void addUp(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      load(b.labels.own, i).add(load(b.labels.others, i)).intoArray(b.labels.total, i);
    }
  }

  /** 1 / sum, 0 for pixels that do not count. */
  static void inverse(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      load(b.keep, i).div(load(b.labels.total, i)).intoArray(b.labels.inverse, i);
    }
  }

  // ---- pass 1 ----

  /** 1 - p of the label. */
  static void rest(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      load(b.labels.others, i).mul(load(b.labels.inverse, i)).intoArray(b.labels.rest, i);
    }
  }

  /** Sums of true positives, false positives and false negatives of every class. */
  static void overlapSums(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      for (int first = 0; first < ROW; first += LANES) {
        overlapSums(b, k, b.sides[k], first, b.padded);
      }
      b.addUp(k, LossSums.TRUE_POSITIVES);
      b.addUp(k, LossSums.FALSE_POSITIVES);
      b.addUp(k, LossSums.FALSE_NEGATIVES);
    }
  }

  /** Every other row has accumulators of its own, or an addition would wait for the one before. */
  private static void overlapSums(LossBlock b, int index, float[] e, int first, int n) {
    float[] inverse = b.labels.inverse;
    float[] label = b.label;
    float[] rest = b.labels.rest;
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
    accumulate(both.add(bothToo), b.lanes, LossSums.TRUE_POSITIVES * ROW + first);
    accumulate(above.add(aboveToo), b.lanes, LossSums.FALSE_POSITIVES * ROW + first);
    accumulate(below.add(belowToo), b.lanes, LossSums.FALSE_NEGATIVES * ROW + first);
  }

  // ---- cross-entropy ----

  /** Adds up the exponentials of the classes that are not the label, and keeps the label's. */
  static void others(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      others(b.sides[k], b.label, k, b.labels.own, b.labels.others, b.padded);
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
  static void odds(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      load(b.labels.others, i).div(load(b.labels.own, i)).intoArray(b.labels.odds, i);
    }
  }

  /** The pixels' cross-entropy, w ln(1 + z). */
  static void crossEntropy(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector z = load(b.labels.odds, i);
      VectorMath.log(z.add(lanes(1.0f))).intoArray(b.softmax.crossEntropy, i);
    }
  }

  /** The same where z is at most 1. */
  static void smallCrossEntropy(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector z = load(b.labels.odds, i);
      FloatVector small = VectorMath.log1pUnit(z);
      load(b.softmax.crossEntropy, i)
          .blend(small, z.compare(VectorOperators.LE, lanes(1.0f)))
          .mul(load(b.labels.weight, i))
          .intoArray(b.softmax.crossEntropy, i);
    }
  }

  // ---- what belongs to the label ----

  /** The pixels' labels as indices, 0 for none. */
  private static int[] indices(LossBlock b) {
    int[] indices = b.labels.indices;
    IntVector none = IntVector.zero(INTS);
    for (int i = 0; i < b.padded; i += LANES) {
      IntVector label = (IntVector) load(b.label, i).convert(VectorOperators.F2I, 0);
      label.max(none).intoArray(indices, i);
    }
    return indices;
  }

  /** The weight of each pixel's label in the cross-entropy; 0 without one. */
  static void labelWeights(LossBlock b) {
    if (!b.options.crossEntropy || !b.options.weighsClasses) {
      Arrays.fill(b.labels.weight, 0, b.padded, b.options.crossEntropy ? 1 : 0);
      return;
    }
    lookUp(b.options.scalars.crossEntropy(), indices(b), b.labels.weight, b.padded);
  }

  private static void lookUp(float[] table, int[] indices, float[] to, int n) {
    for (int i = 0; i < n; i++) {
      to[i] = table[indices[i]];
    }
  }

  // ---- gradient ----

  /** Adds up e_j (k_j - k_f), 0 for the likeliest class itself. */
  static void mean(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      b.select(k);
      mean(b, b.side, b.padded);
    }
  }

  private static void mean(LossBlock b, float[] e, int n) {
    float[] label = b.label;
    float[] anchor = b.labels.anchor;
    float[] mean = b.labels.mean;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector slope = miss.blend(hit, isLabel).sub(load(anchor, i));
      slope.fma(load(e, i), load(mean, i)).intoArray(mean, i);
    }
  }

  /** -K. */
  static void pulls(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector pull = load(b.labels.mean, i).mul(load(b.labels.inverse, i)).neg();
      pull.intoArray(b.labels.labelPull, i);
      pull.intoArray(b.labels.otherPull, i);
    }
  }

  /** Adds w, for the label -w z. */
  static void crossEntropyPulls(LossBlock b) {
    FloatVector k =
        FloatVector.broadcast(SPECIES, b.coefficient(0, LossCoefficients.CROSS_ENTROPY));
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector w = k.mul(load(b.labels.weight, i));
      load(b.labels.otherPull, i).add(w).intoArray(b.labels.otherPull, i);
      w.neg()
          .fma(load(b.labels.odds, i), load(b.labels.labelPull, i))
          .intoArray(b.labels.labelPull, i);
    }
  }

  /** The gradient, where it belongs. */
  static void gradient(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    for (int k = 0; k < b.options.classes; k++) {
      b.select(k);
      gradient(b, b.side, out, b.rowAt(k));
    }
  }

  private static void gradient(LossBlock b, float[] e, MemorySegment out, long at) {
    float[] inverse = b.labels.inverse;
    float[] label = b.label;
    float[] anchor = b.labels.anchor;
    float[] labelPull = b.labels.labelPull;
    float[] otherPull = b.labels.otherPull;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector slope = miss.blend(hit, isLabel).sub(load(anchor, i));
      slope = slope.add(load(otherPull, i).blend(load(labelPull, i), isLabel));
      store(load(e, i).mul(load(inverse, i)).mul(slope), out, at + 4L * i);
    }
  }

  /** The same through a copy. */
  static void stagedGradient(LossBlock b) {
    for (int k = 0; k < b.options.classes; k++) {
      b.select(k);
      gradient(b, b.side, b.gradient);
      LossStaging.storeGradient(b);
    }
  }

  private static void gradient(LossBlock b, float[] e, float[] gradient) {
    float[] inverse = b.labels.inverse;
    float[] label = b.label;
    float[] anchor = b.labels.anchor;
    float[] labelPull = b.labels.labelPull;
    float[] otherPull = b.labels.otherPull;
    FloatVector self = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isLabel = load(label, i).compare(VectorOperators.EQ, self);
      FloatVector slope = miss.blend(hit, isLabel).sub(load(anchor, i));
      slope = slope.add(load(otherPull, i).blend(load(labelPull, i), isLabel));
      load(e, i).mul(load(inverse, i)).mul(slope).intoArray(gradient, i);
    }
  }
}
