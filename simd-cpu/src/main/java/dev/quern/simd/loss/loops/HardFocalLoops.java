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
  static boolean isLikely(LossBlock b) {
    return b.dropped == 0 && (b.options.hard || !b.soft);
  }

  /** Whether a block is what these loops compute; known after the first of them. */
  static boolean isIt(LossBlock b) {
    return isLikely(b) && b.largestBits < Float.floatToRawIntBits(MODERATE);
  }

  /** z, e^-|z|, and the smaller of q and 1 - q; F32 targets are copied. */
  static void sigmoidAndTarget(LossBlock b) {
    MemorySegment from = b.inputs.x();
    MemorySegment targets = b.inputs.t();
    long at = 4 * b.inputAt;
    float[] t = b.t;
    float[] z = b.focal.z;
    float[] e = b.e;
    float[] small = b.side;
    IntVector largest = IntVector.zero(INTS);
    IntVector soft = IntVector.zero(INTS);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
      FloatVector ti = load(targets, at + 4L * i);
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
    b.largestBits = largest.reduceLanes(VectorOperators.MAX);
    // the sign of 0 does not count
    b.soft = (soft.reduceLanes(VectorOperators.OR) & Integer.MAX_VALUE) != 0;
  }

  /** The same with targets that are there already. */
  static void sigmoid(LossBlock b) {
    MemorySegment from = b.inputs.x();
    long at = 4 * b.inputAt;
    float[] t = b.t;
    float[] z = b.focal.z;
    float[] e = b.e;
    float[] small = b.side;
    IntVector largest = IntVector.zero(INTS);
    IntVector soft = IntVector.zero(INTS);
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = load(from, at + 4L * i);
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
    b.largestBits = largest.reduceLanes(VectorOperators.MAX);
    b.soft = (soft.reduceLanes(VectorOperators.OR) & Integer.MAX_VALUE) != 0;
  }

  /** f = (1 - q)^gamma = e^(-gamma softplus(z)); needs ln(1 + e). */
  static void weights(LossBlock b) {
    FloatVector gamma = FloatVector.broadcast(SPECIES, -b.options.scalars.focalGamma());
    float[] z = b.focal.z;
    float[] log1p = b.focal.log1p;
    float[] weight = b.focal.weight;
    int n = b.n;
    for (int i = 0; i < n; i += LANES) {
      FloatVector zi = load(z, i);
      FloatVector softplus = load(log1p, i).add(zi, zi.compare(VectorOperators.GE, lanes(0.0f)));
      VectorMath.expNonPositive(softplus.mul(gamma)).intoArray(weight, i);
    }
  }

  /** The sum of a f l, and the gradient. */
  static void sumsAndGradient(LossBlock b) {
    MemorySegment out = Objects.requireNonNull(b.inputs.out());
    long at = 4 * b.inputAt;
    float[] t = b.t;
    float[] z = b.focal.z;
    float[] log1p = b.focal.log1p;
    float[] weight = b.focal.weight;
    float[] side = b.side;
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.focal);
    FloatVector minusK = FloatVector.broadcast(SPECIES, -b.selected.focal);
    FloatVector gamma = FloatVector.broadcast(SPECIES, b.options.scalars.focalGamma());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.options.scalars.focalPositive());
    FloatVector negative = FloatVector.broadcast(SPECIES, b.options.scalars.focalNegative());
    int n = b.n;
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
        store(slope, out, at + 4L * i);
      }
      accumulate(sum, b.lanes, LossSums.FOCAL * ROW + first);
    }
  }

  static void addUp(LossBlock b) {
    b.addUp(LossSums.FOCAL);
  }
}
