package dev.quern.simd;

import static dev.quern.simd.PointwiseLoops.load;
import static dev.quern.simd.PointwiseLoops.store;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.lanes;

import dev.quern.reference.LossTerms;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of the fused losses over native memory; {@link LossArrayLoops} are the same over
 * arrays. Exponentials are computed by a loop of their own and left in scratch memory, which costs
 * less than what the compiler loses on larger loops, and lets each loss run only the loops it
 * needs. Logits and targets have a byte offset each; exponentials start at 0.
 */
final class LossLoops {
  private LossLoops() {}

  /** e = e^-|x| of {@code n} pixels, a multiple of the vector length. */
  static void exponentials(MemorySegment x, long xAt, float[] e, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.expOfMinusAbs(load(x, xAt + 4L * i)).intoArray(e, i);
    }
  }

  /**
   * Sums overlap: adds pixels {@code first} to {@code first + LANES - 1} of every row of {@link
   * LossVectors#ROW} to their accumulators.
   */
  static void overlap(
      LossVectors loss,
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      float[] e,
      int first,
      int n,
      float[] lanes) {
    VectorMask<Float> product = SPECIES.maskAll(loss.product);
    VectorMask<Float> squared = SPECIES.maskAll(loss.squared);
    FloatVector ignored = FloatVector.broadcast(SPECIES, loss.ignored);
    FloatVector tp = FloatVector.zero(SPECIES);
    FloatVector probabilities = FloatVector.zero(SPECIES);
    FloatVector targets = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += LossVectors.ROW) {
      FloatVector ti = load(t, tAt + 4L * i);
      FloatVector ei = FloatVector.fromArray(SPECIES, e, i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      VectorMask<Float> negative = load(x, xAt + 4L * i).compare(VectorOperators.LT, lanes(0.0f));
      FloatVector p = VectorMath.sigmoidFrom(negative, ei, VectorMath.inverseOf1Plus(ei));
      FloatVector both = LossVectors.truePositive(p, ti, product);
      tp = tp.lanewise(VectorOperators.ADD, both, counted);
      FloatVector pMass = LossVectors.mass(p, squared);
      probabilities = probabilities.lanewise(VectorOperators.ADD, pMass, counted);
      FloatVector tMass = LossVectors.mass(ti, squared);
      targets = targets.lanewise(VectorOperators.ADD, tMass, counted);
    }
    tp.intoArray(lanes, first);
    probabilities.intoArray(lanes, LossVectors.ROW + first);
    targets.intoArray(lanes, 2 * LossVectors.ROW + first);
  }

  /** Sums the binary cross-entropy, in the same way. */
  static void crossEntropy(
      LossVectors loss,
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      float[] e,
      int first,
      int n,
      float[] lanes) {
    FloatVector ignored = FloatVector.broadcast(SPECIES, loss.ignored);
    FloatVector bce = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += LossVectors.ROW) {
      FloatVector ti = load(t, tAt + 4L * i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      FloatVector cross =
          LossVectors.bce(load(x, xAt + 4L * i), ti, FloatVector.fromArray(SPECIES, e, i));
      bce = bce.lanewise(VectorOperators.ADD, cross, counted);
    }
    bce.intoArray(lanes, 3 * LossVectors.ROW + first);
  }

  /** Writes the gradient of {@code n} pixels, a multiple of the vector length. */
  static void gradient(
      LossVectors loss,
      LossTerms.Coefficients k,
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      float[] e,
      MemorySegment gradient,
      int n) {
    VectorMask<Float> product = SPECIES.maskAll(loss.product);
    VectorMask<Float> squared = SPECIES.maskAll(loss.squared);
    FloatVector ignored = FloatVector.broadcast(SPECIES, loss.ignored);
    FloatVector a = FloatVector.broadcast(SPECIES, k.a());
    FloatVector b = FloatVector.broadcast(SPECIES, k.b());
    FloatVector c = FloatVector.broadcast(SPECIES, k.c());
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, tAt + 4L * i);
      FloatVector ei = FloatVector.fromArray(SPECIES, e, i);
      FloatVector inverse = VectorMath.inverseOf1Plus(ei);
      VectorMask<Float> negative = load(x, xAt + 4L * i).compare(VectorOperators.LT, lanes(0.0f));
      FloatVector small = ei.mul(inverse);
      FloatVector p = inverse.blend(small, negative);
      FloatVector overlap =
          a.fma(LossVectors.tau(small, ti, negative, product), LossVectors.scaled(b, p, squared));
      FloatVector g = overlap.fma(inverse.mul(small), c.mul(p.sub(ti)));
      store(g.blend(lanes(0.0f), ti.compare(VectorOperators.EQ, ignored)), gradient, xAt + 4L * i);
    }
  }

  /** Adds confusion counts of {@code n} pixels; a soft target counts as positive from 1/2 on. */
  static void counts(
      LossVectors loss,
      MemorySegment x,
      long xAt,
      MemorySegment t,
      long tAt,
      int n,
      float cut,
      Confusion counts) {
    FloatVector least = FloatVector.broadcast(SPECIES, cut);
    FloatVector ignored = FloatVector.broadcast(SPECIES, loss.ignored);
    int negatives = 0;
    int positives = 0;
    int predicted = 0;
    int both = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, tAt + 4L * i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      VectorMask<Float> positive = ti.compare(VectorOperators.GE, lanes(0.5f)).and(counted);
      VectorMask<Float> hit = load(x, xAt + 4L * i).compare(VectorOperators.GE, least).and(counted);
      negatives += counted.andNot(positive).trueCount();
      positives += positive.trueCount();
      predicted += hit.trueCount();
      both += hit.and(positive).trueCount();
    }
    counts.add(negatives, positives, predicted, both);
  }
}
