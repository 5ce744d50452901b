package dev.quern.simd.loss.loops;

import static dev.quern.simd.loss.loops.LossBlock.ROW;
import static dev.quern.simd.loss.loops.LossMath.accumulate;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.Sides;
import dev.quern.simd.math.VectorMath;
import dev.quern.spi.loss.LossSums;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The overlap losses of a {@link LossBlock}: the vector twin of their functions in {@code
 * formulas/loss_element.inc}. Everything follows from t and {@code side}, p for negative logits and
 * -q for others (the sign bit tells, also of 0): p, q and p - t without cancellation, so that
 * nothing else must be kept from pass 1 to pass 2.
 */
final class OverlapLoops {
  private OverlapLoops() {}

  /** e^-|x| and side of logits. */
  static void sigmoid(LossBlock b) {
    float[] x = b.x;
    float[] e = b.e;
    float[] side = b.side;
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      Sides.ofLogit(xi, ei).intoArray(side, i);
    }
  }

  // ---- sums of true positives, false positives and false negatives ----

  static void minSums(LossBlock b) {
    for (int first = 0; first < ROW; first += LANES) {
      minSums(b.side, b.t, b.lanes, first, b.padded);
    }
  }

  private static void minSums(float[] side, float[] t, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector above = FloatVector.zero(SPECIES);
    FloatVector below = FloatVector.zero(SPECIES);
    FloatVector zero = lanes(0.0f);
    for (int i = first; i < n; i += ROW) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      VectorMask<Float> less = d.compare(VectorOperators.LT, zero);
      both = both.add(ti.blend(Sides.probability(v), less));
      above = above.add(d.blend(zero, less));
      below = below.sub(d.blend(zero, d.compare(VectorOperators.GT, zero)));
    }
    store(both, above, below, lanes, first);
  }

  static void productSums(LossBlock b) {
    for (int first = 0; first < ROW; first += LANES) {
      productSums(b.side, b.t, b.lanes, first, b.padded);
    }
  }

  private static void productSums(float[] side, float[] t, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector above = FloatVector.zero(SPECIES);
    FloatVector below = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += ROW) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      VectorMask<Float> negative = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, negative);
      FloatVector q = small.blend(large, negative);
      both = p.fma(ti, both);
      above = p.fma(lanes(1.0f).sub(ti), above);
      below = q.fma(ti, below);
    }
    store(both, above, below, lanes, first);
  }

  /** Of p t, (p - t)^2 and t^2 - p t. */
  static void squaredSums(LossBlock b) {
    for (int first = 0; first < ROW; first += LANES) {
      squaredSums(b.side, b.t, b.lanes, first, b.padded);
    }
  }

  private static void squaredSums(float[] side, float[] t, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector squares = FloatVector.zero(SPECIES);
    FloatVector below = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += ROW) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector p = Sides.probability(v);
      FloatVector d = Sides.difference(v, ti);
      both = p.fma(ti, both);
      squares = d.fma(d, squares);
      below = d.neg().fma(ti, below);
    }
    store(both, squares, below, lanes, first);
  }

  /** Adds to the accumulators. */
  private static void store(
      FloatVector both, FloatVector above, FloatVector below, float[] lanes, int first) {
    accumulate(both, lanes, LossSums.TRUE_POSITIVES * ROW + first);
    accumulate(above, lanes, LossSums.FALSE_POSITIVES * ROW + first);
    accumulate(below, lanes, LossSums.FALSE_NEGATIVES * ROW + first);
  }

  static void addUp(LossBlock b) {
    b.addUp(LossSums.TRUE_POSITIVES);
    b.addUp(LossSums.FALSE_POSITIVES);
    b.addUp(LossSums.FALSE_NEGATIVES);
  }

  // ---- gradients with respect to logits; they are written, not added to what is there ----

  static void minGradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      LossMath.minSlope(Sides.difference(v, ti), hit, miss)
          .mul(Sides.slope(v))
          .intoArray(gradient, i);
    }
  }

  /** With the plain binary cross-entropy. */
  static void minAndBceGradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    FloatVector bce = FloatVector.broadcast(SPECIES, b.selected.bce);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      LossMath.minSlope(d, hit, miss).fma(Sides.slope(v), bce.mul(d)).intoArray(gradient, i);
    }
  }

  static void productGradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      LossMath.productSlope(ti, hit, miss).mul(Sides.slope(v)).intoArray(gradient, i);
    }
  }

  /** With the plain binary cross-entropy. */
  static void productAndBceGradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    FloatVector bce = FloatVector.broadcast(SPECIES, b.selected.bce);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      LossMath.productSlope(ti, hit, miss).fma(Sides.slope(v), bce.mul(d)).intoArray(gradient, i);
    }
  }

  static void squaredGradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      LossMath.squaredSlope(Sides.difference(v, ti), ti, hit, miss)
          .mul(Sides.slope(v))
          .intoArray(gradient, i);
    }
  }

  // ---- from probabilities ----

  /** Side of probabilities. */
  static void sideOfProbability(LossBlock b) {
    float[] p = b.p;
    float[] side = b.side;
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      FloatVector minusQ = lanes(1.0f).sub(pi).neg();
      // the sign of 0 does not count
      minusQ
          .blend(pi.add(lanes(0.0f)), pi.compare(VectorOperators.LT, lanes(0.5f)))
          .intoArray(side, i);
    }
  }

  static void minGradientOfProbability(LossBlock b) {
    float[] p = b.p;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = FloatVector.fromArray(SPECIES, p, i).sub(ti);
      LossMath.minSlope(d, hit, miss).intoArray(gradient, i);
    }
  }

  static void productGradientOfProbability(LossBlock b) {
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      LossMath.productSlope(ti, hit, miss).intoArray(gradient, i);
    }
  }

  static void squaredGradientOfProbability(LossBlock b) {
    float[] p = b.p;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = FloatVector.fromArray(SPECIES, p, i).sub(ti);
      LossMath.squaredSlope(d, ti, hit, miss).intoArray(gradient, i);
    }
  }
}
