package dev.quern.simd;

import static dev.quern.simd.VectorMath.HALF;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.ZERO;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** The loops of {@link LossLoops} over arrays; indices are elements. */
final class LossArrayLoops {
  private LossArrayLoops() {}

  static void sums(
      LossVectors loss, float[] x, int xAt, float[] t, int tAt, int first, int n, float[] lanes) {
    VectorMask<Float> product = loss.product;
    VectorMask<Float> squared = loss.squared;
    FloatVector ignored = loss.ignored;
    FloatVector tp = ZERO;
    FloatVector probabilities = ZERO;
    FloatVector targets = ZERO;
    FloatVector bce = ZERO;
    for (int i = first; i < n; i += LossVectors.ROW) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, xAt + i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      VectorMask<Float> negative = xi.compare(VectorOperators.LT, ZERO);
      FloatVector e = VectorMath.expOfMinusAbs(xi);
      FloatVector p = VectorMath.sigmoidFrom(negative, e, VectorMath.inverseOf1Plus(e));
      FloatVector overlap = LossVectors.truePositive(p, ti, product);
      tp = tp.lanewise(VectorOperators.ADD, overlap, counted);
      FloatVector pMass = LossVectors.mass(p, squared);
      probabilities = probabilities.lanewise(VectorOperators.ADD, pMass, counted);
      FloatVector tMass = LossVectors.mass(ti, squared);
      targets = targets.lanewise(VectorOperators.ADD, tMass, counted);
      FloatVector cross = LossVectors.bce(xi, ti, e, negative);
      bce = bce.lanewise(VectorOperators.ADD, cross, counted);
    }
    tp.intoArray(lanes, first);
    probabilities.intoArray(lanes, LossVectors.ROW + first);
    targets.intoArray(lanes, 2 * LossVectors.ROW + first);
    bce.intoArray(lanes, 3 * LossVectors.ROW + first);
  }

  static void gradient(
      LossVectors loss,
      FloatVector a,
      FloatVector b,
      FloatVector c,
      float[] x,
      int xAt,
      float[] t,
      int tAt,
      float[] gradient,
      int n) {
    VectorMask<Float> product = loss.product;
    VectorMask<Float> squared = loss.squared;
    FloatVector ignored = loss.ignored;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, xAt + i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      LossVectors.gradient(xi, ti, a, b, c, product, squared)
          .blend(ZERO, ti.compare(VectorOperators.EQ, ignored))
          .intoArray(gradient, xAt + i);
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
    FloatVector ignored = loss.ignored;
    int negatives = 0;
    int positives = 0;
    int predicted = 0;
    int both = 0;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, tAt + i);
      FloatVector xi = FloatVector.fromArray(SPECIES, x, xAt + i);
      VectorMask<Float> counted = ti.compare(VectorOperators.NE, ignored);
      VectorMask<Float> positive = ti.compare(VectorOperators.GE, HALF).and(counted);
      VectorMask<Float> hit = xi.compare(VectorOperators.GE, least).and(counted);
      negatives += counted.andNot(positive).trueCount();
      positives += positive.trueCount();
      predicted += hit.trueCount();
      both += hit.and(positive).trueCount();
    }
    counts.add(negatives, positives, predicted, both);
  }
}
