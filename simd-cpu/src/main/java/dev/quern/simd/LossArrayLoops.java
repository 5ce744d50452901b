package dev.quern.simd;

import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.lanes;

import dev.quern.reference.LossTerms;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The loops of {@link LossLoops} over arrays; indices are elements. */
final class LossArrayLoops {
  private LossArrayLoops() {}

  static void exponentials(float[] x, int xAt, float[] e, int n) {
    for (int i = 0; i < n; i += LANES) {
      VectorMath.expOfMinusAbs(FloatVector.fromArray(SPECIES, x, xAt + i)).intoArray(e, i);
    }
  }

  static void overlap(
      LossVectors loss,
      float[] x,
      int xAt,
      float[] t,
      int tAt,
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
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      FloatVector ei = FloatVector.fromArray(SPECIES, e, i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      VectorMask<Float> negative =
          FloatVector.fromArray(SPECIES, x, xAt + i).compare(VectorOperators.LT, lanes(0.0f));
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

  static void crossEntropy(
      LossVectors loss,
      float[] x,
      int xAt,
      float[] t,
      int tAt,
      float[] e,
      int first,
      int n,
      float[] lanes) {
    FloatVector ignored = FloatVector.broadcast(SPECIES, loss.ignored);
    FloatVector bce = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += LossVectors.ROW) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      FloatVector cross =
          LossVectors.bce(
              FloatVector.fromArray(SPECIES, x, xAt + i), ti, FloatVector.fromArray(SPECIES, e, i));
      bce = bce.lanewise(VectorOperators.ADD, cross, counted);
    }
    bce.intoArray(lanes, 3 * LossVectors.ROW + first);
  }

  static void gradient(
      LossVectors loss,
      LossTerms.Coefficients k,
      float[] x,
      int xAt,
      float[] t,
      int tAt,
      float[] e,
      float[] gradient,
      int n) {
    VectorMask<Float> product = SPECIES.maskAll(loss.product);
    VectorMask<Float> squared = SPECIES.maskAll(loss.squared);
    FloatVector ignored = FloatVector.broadcast(SPECIES, loss.ignored);
    FloatVector a = FloatVector.broadcast(SPECIES, k.a());
    FloatVector b = FloatVector.broadcast(SPECIES, k.b());
    FloatVector c = FloatVector.broadcast(SPECIES, k.c());
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      FloatVector ei = FloatVector.fromArray(SPECIES, e, i);
      FloatVector inverse = VectorMath.inverseOf1Plus(ei);
      VectorMask<Float> negative =
          FloatVector.fromArray(SPECIES, x, xAt + i).compare(VectorOperators.LT, lanes(0.0f));
      FloatVector small = ei.mul(inverse);
      FloatVector p = inverse.blend(small, negative);
      FloatVector overlap =
          a.fma(LossVectors.tau(small, ti, negative, product), LossVectors.scaled(b, p, squared));
      FloatVector g = overlap.fma(inverse.mul(small), c.mul(p.sub(ti)));
      g.blend(lanes(0.0f), ti.compare(VectorOperators.EQ, ignored)).intoArray(gradient, xAt + i);
    }
  }

  static void counts(
      LossVectors loss,
      float[] x,
      int xAt,
      float[] t,
      int tAt,
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
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      FloatVector xi = FloatVector.fromArray(SPECIES, x, xAt + i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      VectorMask<Float> positive = ti.compare(VectorOperators.GE, lanes(0.5f)).and(counted);
      VectorMask<Float> hit = xi.compare(VectorOperators.GE, least).and(counted);
      negatives += counted.andNot(positive).trueCount();
      positives += positive.trueCount();
      predicted += hit.trueCount();
      both += hit.and(positive).trueCount();
    }
    counts.add(negatives, positives, predicted, both);
  }
}
