package dev.quern.simd.loss;

import static dev.quern.simd.loss.LossChunk.ROW;
import static dev.quern.simd.math.VectorMath.INTS;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.NativeVectors;
import dev.quern.simd.math.VectorMath;
import dev.quern.spi.loss.LossSums;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * Value and gradient of the focal loss at once, from moderate logits and targets of 0 and 1 in
 * native memory: the bits of {@link FocalLoops} with half the operations. With z the logit on the
 * side of the target, all that is kept between the loops is z, ln(1 + e^-|z|), what of q and 1 - q
 * is smaller, and the power of 1 - q. Nothing is infinite, and no exponential leaves the normal
 * numbers.
 */
final class HardFocalLoops {
  /** Blocks with a logit of this magnitude or more, or NaN, are left to {@link FocalLoops}. */
  private static final float MODERATE = 87;

  private HardFocalLoops() {}

  /** Whether a block is worth trying: all count, and targets before were not soft. */
  static boolean isLikely(LossChunk c) {
    return c.dropped == 0 && (c.options.hard || !c.soft);
  }

  /** Whether a block is what these loops compute; known after the first of them. */
  static boolean isIt(LossChunk c) {
    return isLikely(c) && c.largestBits < Float.floatToRawIntBits(MODERATE);
  }

  /** z, e^-|z|, and the smaller of q and 1 - q; F32 targets are copied. */
  static void sigmoidAndTarget(LossChunk c) {
    MemorySegment from = c.inputs.x();
    MemorySegment targets = c.inputs.t();
    long at = 4 * c.inputAt;
    float[] t = c.t;
    float[] z = c.logit;
    float[] e = c.e;
    float[] small = c.side;
    IntVector largest = IntVector.zero(INTS);
    IntVector soft = IntVector.zero(INTS);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = NativeVectors.load(from, at + 4L * i);
      FloatVector ti = NativeVectors.load(targets, at + 4L * i);
      ti.intoArray(t, i);
      VectorMask<Float> on = ti.compare(VectorOperators.EQ, lanes(1.0f));
      soft = soft.or(ti.blend(lanes(0.0f), on).reinterpretAsInts());
      xi.neg().blend(xi, on).intoArray(z, i);
      IntVector magnitude = xi.reinterpretAsInts().and(Integer.MAX_VALUE);
      largest = largest.max(magnitude);
      FloatVector ei = VectorMath.expModerate(magnitude.reinterpretAsFloats().neg());
      ei.intoArray(e, i);
      ei.mul(VectorMath.inverseOf1Plus(ei)).intoArray(small, i);
    }
    c.largestBits = largest.reduceLanes(VectorOperators.MAX);
    // the sign of 0 does not count
    c.soft = (soft.reduceLanes(VectorOperators.OR) & Integer.MAX_VALUE) != 0;
  }

  /** The same with targets that are there already. */
  static void sigmoid(LossChunk c) {
    MemorySegment from = c.inputs.x();
    long at = 4 * c.inputAt;
    float[] t = c.t;
    float[] z = c.logit;
    float[] e = c.e;
    float[] small = c.side;
    IntVector largest = IntVector.zero(INTS);
    IntVector soft = IntVector.zero(INTS);
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = NativeVectors.load(from, at + 4L * i);
      FloatVector ti = load(t, i);
      VectorMask<Float> on = ti.compare(VectorOperators.EQ, lanes(1.0f));
      soft = soft.or(ti.blend(lanes(0.0f), on).reinterpretAsInts());
      xi.neg().blend(xi, on).intoArray(z, i);
      IntVector magnitude = xi.reinterpretAsInts().and(Integer.MAX_VALUE);
      largest = largest.max(magnitude);
      FloatVector ei = VectorMath.expModerate(magnitude.reinterpretAsFloats().neg());
      ei.intoArray(e, i);
      ei.mul(VectorMath.inverseOf1Plus(ei)).intoArray(small, i);
    }
    c.largestBits = largest.reduceLanes(VectorOperators.MAX);
    c.soft = (soft.reduceLanes(VectorOperators.OR) & Integer.MAX_VALUE) != 0;
  }

  /** f = (1 - q)^gamma = e^(-gamma softplus(z)); needs ln(1 + e). */
  static void weights(LossChunk c) {
    FloatVector gamma = FloatVector.broadcast(SPECIES, -c.options.gamma);
    float[] z = c.logit;
    float[] log1p = c.loss;
    float[] weight = c.weight;
    int n = c.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector zi = load(z, i);
      FloatVector softplus = load(log1p, i).add(zi, zi.compare(VectorOperators.GE, lanes(0.0f)));
      VectorMath.expNonPositive(softplus.mul(gamma)).intoArray(weight, i);
    }
  }

  /** The sum of a f l, and the gradient. */
  static void sumsAndGradient(LossChunk c) {
    MemorySegment out = Objects.requireNonNull(c.inputs.out());
    long at = 4 * c.inputAt;
    float[] t = c.t;
    float[] z = c.logit;
    float[] log1p = c.loss;
    float[] weight = c.weight;
    float[] side = c.side;
    FloatVector k = FloatVector.broadcast(SPECIES, c.kFocal);
    FloatVector minusK = FloatVector.broadcast(SPECIES, -c.kFocal);
    FloatVector gamma = FloatVector.broadcast(SPECIES, c.options.gamma);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.options.positive);
    FloatVector negative = FloatVector.broadcast(SPECIES, c.options.negative);
    int n = c.n;
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < n; i += ROW) {
        FloatVector zi = load(z, i);
        FloatVector f = load(weight, i);
        FloatVector small = load(side, i);
        VectorMask<Float> on = load(t, i).compare(VectorOperators.EQ, lanes(1.0f));
        VectorMask<Float> wrong = zi.compare(VectorOperators.LT, lanes(0.0f));
        FloatVector l = load(log1p, i);
        l = l.sub(zi, wrong);
        FloatVector large = lanes(1.0f).sub(small);
        FloatVector hit = large.blend(small, wrong);
        FloatVector rest = small.blend(large, wrong);
        FloatVector a = negative.blend(positive, on);
        sum = sum.add(f.mul(l).mul(a));
        FloatVector slope = l.fma(hit.mul(gamma), rest).mul(a.mul(f));
        // a gradient of -0 becomes 0
        slope = slope.mul(k.blend(minusK, on)).add(lanes(0.0f));
        NativeVectors.store(slope, out, at + 4L * i);
      }
      OverlapLoops.add(sum, c.lanes, LossSums.FOCAL * ROW + first);
    }
  }

  static void addUp(LossChunk c) {
    c.addUp(LossSums.FOCAL);
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i);
  }
}
