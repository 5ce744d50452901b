package dev.quern.simd.loss;

import static dev.quern.simd.loss.LossChunk.ROW;
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
 * The overlap losses of a {@link LossChunk}: the vector twin of their functions in {@code
 * formulas/loss_element.inc}. Everything follows from t and {@code side}, p for negative logits and
 * -q for others (the sign bit tells, also of 0): p, q and p - t without cancellation, so that
 * nothing else must be kept from pass 1 to pass 2.
 */
public final class OverlapLoops {
  private OverlapLoops() {}

  /** e^-|x| and side of logits. */
  static void sigmoid(LossChunk c) {
    float[] x = c.x;
    float[] e = c.e;
    float[] side = c.side;
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      Sides.ofLogit(xi, ei).intoArray(side, i);
    }
  }

  // ---- sums of true positives, false positives and false negatives ----

  static void minSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      minSums(c.side, c.t, c.lanes, first, c.padded);
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

  static void productSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      productSums(c.side, c.t, c.lanes, first, c.padded);
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
  static void squaredSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      squaredSums(c.side, c.t, c.lanes, first, c.padded);
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
    add(both, lanes, LossSums.TRUE_POSITIVES * ROW + first);
    add(above, lanes, LossSums.FALSE_POSITIVES * ROW + first);
    add(below, lanes, LossSums.FALSE_NEGATIVES * ROW + first);
  }

  static void add(FloatVector v, float[] lanes, int at) {
    FloatVector.fromArray(SPECIES, lanes, at).add(v).intoArray(lanes, at);
  }

  static void addUp(LossChunk c) {
    c.addUp(LossSums.TRUE_POSITIVES);
    c.addUp(LossSums.FALSE_POSITIVES);
    c.addUp(LossSums.FALSE_NEGATIVES);
  }

  // ---- gradients with respect to logits; they are written, not added to what is there ----

  static void minGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      minSlope(Sides.difference(v, ti), hit, miss).mul(Sides.slope(v)).intoArray(gradient, i);
    }
  }

  /** With the plain binary cross-entropy. */
  static void minAndBceGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    FloatVector bce = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      minSlope(d, hit, miss).fma(Sides.slope(v), bce.mul(d)).intoArray(gradient, i);
    }
  }

  static void productGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      productSlope(ti, hit, miss).mul(Sides.slope(v)).intoArray(gradient, i);
    }
  }

  /** With the plain binary cross-entropy. */
  static void productAndBceGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    FloatVector bce = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = Sides.difference(v, ti);
      productSlope(ti, hit, miss).fma(Sides.slope(v), bce.mul(d)).intoArray(gradient, i);
    }
  }

  static void squaredGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      squaredSlope(Sides.difference(v, ti), ti, hit, miss)
          .mul(Sides.slope(v))
          .intoArray(gradient, i);
    }
  }

  // ---- slopes in p ----

  /** Where p is below, above or at t: of a hit, of a miss, or between them. */
  static FloatVector minSlope(FloatVector difference, FloatVector hit, FloatVector miss) {
    FloatVector zero = lanes(0.0f);
    return hit.add(miss)
        .mul(lanes(0.5f))
        .blend(miss, difference.compare(VectorOperators.GT, zero))
        .blend(hit, difference.compare(VectorOperators.LT, zero));
  }

  static FloatVector productSlope(FloatVector t, FloatVector hit, FloatVector miss) {
    return hit.fma(t, miss.mul(lanes(1.0f).sub(t)));
  }

  static FloatVector squaredSlope(
      FloatVector difference, FloatVector t, FloatVector hit, FloatVector miss) {
    return hit.fma(t, miss.mul(difference));
  }

  // ---- from probabilities ----

  /** Side of probabilities. */
  static void sideOfProbability(LossChunk c) {
    float[] p = c.p;
    float[] side = c.side;
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      FloatVector minusQ = lanes(1.0f).sub(pi).neg();
      // the sign of 0 does not count
      minusQ
          .blend(pi.add(lanes(0.0f)), pi.compare(VectorOperators.LT, lanes(0.5f)))
          .intoArray(side, i);
    }
  }

  static void minGradientOfProbability(LossChunk c) {
    float[] p = c.p;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = FloatVector.fromArray(SPECIES, p, i).sub(ti);
      minSlope(d, hit, miss).intoArray(gradient, i);
    }
  }

  static void productGradientOfProbability(LossChunk c) {
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      productSlope(ti, hit, miss).intoArray(gradient, i);
    }
  }

  static void squaredGradientOfProbability(LossChunk c) {
    float[] p = c.p;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector d = FloatVector.fromArray(SPECIES, p, i).sub(ti);
      squaredSlope(d, ti, hit, miss).intoArray(gradient, i);
    }
  }
}
