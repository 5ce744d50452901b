package dev.quern.simd;

import static dev.quern.simd.LossChunk.ROW;
import static dev.quern.simd.VectorMath.INTS;
import static dev.quern.simd.VectorMath.LANES;
import static dev.quern.simd.VectorMath.SPECIES;
import static dev.quern.simd.VectorMath.lanes;

import dev.quern.reference.ElementLoss;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The overlap losses of a {@link LossChunk}: the vector twin of their functions in {@code
 * formulas/segmentation.inc}. Sums from p and t; gradients from t and {@code side}, p for negative
 * logits and -q for others (the sign bit tells, also of 0): p - t and p q follow from it without
 * cancellation, so that nothing else must be kept from pass 1 to pass 2.
 */
final class OverlapLoops {
  private OverlapLoops() {}

  /** e^-|x|, p and side of logits. */
  static void sigmoid(LossChunk c) {
    float[] x = c.x;
    float[] e = c.e;
    float[] p = c.p;
    float[] side = c.side;
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
      FloatVector ei = VectorMath.expOfMinusAbs(xi);
      ei.intoArray(e, i);
      FloatVector inverse = VectorMath.inverseOf1Plus(ei);
      FloatVector small = ei.mul(inverse);
      VectorMask<Float> negative = xi.compare(VectorOperators.LT, lanes(0.0f));
      inverse.blend(small, negative).intoArray(p, i);
      small.neg().blend(small, negative).intoArray(side, i);
    }
  }

  static void minSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      minSums(c.p, c.t, c.lanes, first, c.padded);
    }
  }

  private static void minSums(float[] p, float[] t, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector probabilities = FloatVector.zero(SPECIES);
    FloatVector targets = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += ROW) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      both = both.add(ti.blend(pi, pi.compare(VectorOperators.LT, ti)));
      probabilities = probabilities.add(pi);
      targets = targets.add(ti);
    }
    store(both, probabilities, targets, lanes, first);
  }

  static void productSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      productSums(c.p, c.t, c.lanes, first, c.padded);
    }
  }

  private static void productSums(float[] p, float[] t, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector probabilities = FloatVector.zero(SPECIES);
    FloatVector targets = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += ROW) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      both = pi.fma(ti, both);
      probabilities = probabilities.add(pi);
      targets = targets.add(ti);
    }
    store(both, probabilities, targets, lanes, first);
  }

  static void squaredSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      squaredSums(c.p, c.t, c.lanes, first, c.padded);
    }
  }

  private static void squaredSums(float[] p, float[] t, float[] lanes, int first, int n) {
    FloatVector both = FloatVector.zero(SPECIES);
    FloatVector probabilities = FloatVector.zero(SPECIES);
    FloatVector targets = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += ROW) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      both = pi.fma(ti, both);
      probabilities = pi.fma(pi, probabilities);
      targets = ti.fma(ti, targets);
    }
    store(both, probabilities, targets, lanes, first);
  }

  /** Adds to the accumulators. */
  private static void store(
      FloatVector both, FloatVector probabilities, FloatVector targets, float[] lanes, int first) {
    add(both, lanes, ElementLoss.TRUE_POSITIVES * ROW + first);
    add(probabilities, lanes, ElementLoss.PROBABILITIES * ROW + first);
    add(targets, lanes, ElementLoss.TARGET * ROW + first);
  }

  static void add(FloatVector v, float[] lanes, int at) {
    FloatVector.fromArray(SPECIES, lanes, at).add(v).intoArray(lanes, at);
  }

  static void addUp(LossChunk c) {
    c.addUp(ElementLoss.TRUE_POSITIVES);
    c.addUp(ElementLoss.PROBABILITIES);
    c.addUp(ElementLoss.TARGET);
  }

  // ---- gradients with respect to logits; they are written, not added to what is there ----

  static void minGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector tau = tau(difference(v, FloatVector.fromArray(SPECIES, t, i)));
      a.fma(tau, b).mul(slope(v)).intoArray(gradient, i);
    }
  }

  /** With the plain binary cross-entropy. */
  static void minAndBceGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    FloatVector bce = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector d = difference(v, FloatVector.fromArray(SPECIES, t, i));
      a.fma(tau(d), b).fma(slope(v), bce.mul(d)).intoArray(gradient, i);
    }
  }

  static void productGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      a.fma(ti, b).mul(slope(v)).intoArray(gradient, i);
    }
  }

  /** With the plain binary cross-entropy. */
  static void productAndBceGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    FloatVector bce = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      a.fma(ti, b).fma(slope(v), bce.mul(difference(v, ti))).intoArray(gradient, i);
    }
  }

  static void squaredGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      a.fma(ti, b.mul(probability(v))).mul(slope(v)).intoArray(gradient, i);
    }
  }

  /** Whether side holds p. */
  static VectorMask<Float> negative(FloatVector side) {
    return side.reinterpretAsInts().compare(VectorOperators.GE, IntVector.zero(INTS)).cast(SPECIES);
  }

  /** p. */
  static FloatVector probability(FloatVector side) {
    return side.add(lanes(1.0f)).blend(side, negative(side));
  }

  /** p - t. */
  static FloatVector difference(FloatVector side, FloatVector t) {
    return side.sub(t.sub(lanes(1.0f)).blend(t, negative(side)));
  }

  /** p q. */
  static FloatVector slope(FloatVector side) {
    FloatVector small = side.abs();
    return small.mul(lanes(1.0f).sub(small));
  }

  /** How the true positives grow with p: 1, 0 or 1/2 for p below, above or at t. */
  static FloatVector tau(FloatVector difference) {
    FloatVector zero = lanes(0.0f);
    return lanes(0.5f)
        .blend(zero, difference.compare(VectorOperators.GT, zero))
        .blend(lanes(1.0f), difference.compare(VectorOperators.LT, zero));
  }

  // ---- gradients with respect to probabilities ----

  static void minGradientOfProbability(LossChunk c) {
    float[] p = c.p;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      FloatVector tau = tau(pi.sub(FloatVector.fromArray(SPECIES, t, i)));
      a.fma(tau, b).intoArray(gradient, i);
    }
  }

  static void productGradientOfProbability(LossChunk c) {
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      a.fma(FloatVector.fromArray(SPECIES, t, i), b).intoArray(gradient, i);
    }
  }

  static void squaredGradientOfProbability(LossChunk c) {
    float[] p = c.p;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector a = FloatVector.broadcast(SPECIES, c.a);
    FloatVector b = FloatVector.broadcast(SPECIES, c.b);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector pi = FloatVector.fromArray(SPECIES, p, i);
      a.fma(FloatVector.fromArray(SPECIES, t, i), b.mul(pi)).intoArray(gradient, i);
    }
  }
}
