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
 * The binary cross-entropy of a {@link LossChunk}: the vector twin of its functions in {@code
 * formulas/loss_element.inc}. The plain loss, without smoothing, weights and factors, has loops of
 * its own. Gradients are added to what is there.
 */
final class BceLoops {
  private BceLoops() {}

  /** Sums of the plain loss from logits. */
  static void plainSums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      plainSums(c.x, c.t, c.e, c.lanes, first, c.padded);
    }
  }

  private static void plainSums(float[] x, float[] t, float[] e, float[] lanes, int first, int n) {
    FloatVector sum = FloatVector.zero(SPECIES);
    for (int i = first; i < n; i += ROW) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
      FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
      FloatVector log1p = VectorMath.log1pUnit(FloatVector.fromArray(SPECIES, e, i));
      sum = sum.add(plain(xi, ti, log1p));
    }
    OverlapLoops.add(sum, lanes, LossSums.BCE * ROW + first);
  }

  /** Sums and gradient of the plain loss from logits; the gradient is written. */
  static void plainBoth(LossChunk c) {
    FloatVector k = FloatVector.broadcast(SPECIES, c.kBce);
    float[] x = c.x;
    float[] t = c.t;
    float[] e = c.e;
    float[] side = c.side;
    float[] gradient = c.gradient;
    int n = c.padded;
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < n; i += ROW) {
        FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
        FloatVector ti = FloatVector.fromArray(SPECIES, t, i);
        FloatVector v = FloatVector.fromArray(SPECIES, side, i);
        Sides.difference(v, ti).mul(k).intoArray(gradient, i);
        FloatVector log1p = VectorMath.log1pUnit(FloatVector.fromArray(SPECIES, e, i));
        sum = sum.add(plain(xi, ti, log1p));
      }
      OverlapLoops.add(sum, c.lanes, LossSums.BCE * ROW + first);
    }
  }

  static FloatVector plain(FloatVector x, FloatVector t, FloatVector log1p) {
    VectorMask<Float> negative = x.compare(VectorOperators.LT, lanes(0.0f));
    FloatVector miss = lanes(1.0f).sub(t).blend(t, negative);
    // an infinite logit on the right side costs nothing
    return log1p.blend(x.abs().fma(miss, log1p), miss.compare(VectorOperators.NE, lanes(0.0f)));
  }

  /** Every element's loss from logits. */
  static void losses(LossChunk c) {
    float[] x = c.x;
    float[] t = c.t;
    float[] e = c.e;
    float[] loss = c.loss;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, c.options.smoothing);
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - c.options.smoothing);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.bcePositive);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector xi = FloatVector.fromArray(SPECIES, x, i);
      FloatVector ti = load(t, i);
      FloatVector rest = lanes(1.0f).sub(ti);
      FloatVector on = positive.mul(smoothed(ti, rest, smoothing, kept));
      FloatVector off = smoothed(rest, ti, smoothing, kept);
      FloatVector log1p = VectorMath.log1pUnit(FloatVector.fromArray(SPECIES, e, i));
      FloatVector l = on.add(off).mul(log1p);
      FloatVector miss = off.blend(on, xi.compare(VectorOperators.LT, lanes(0.0f)));
      l.blend(xi.abs().fma(miss, l), miss.compare(VectorOperators.NE, lanes(0.0f)))
          .intoArray(loss, i);
    }
  }

  /** ln p, not below -100, from probabilities. */
  static void logsOfProbability(LossChunk c) {
    FloatVector least = FloatVector.broadcast(SPECIES, -100.0f);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector log = VectorMath.log(FloatVector.fromArray(SPECIES, c.p, i));
      log.blend(least, log.compare(VectorOperators.LT, least)).intoArray(c.hit, i);
    }
  }

  /** ln(1 - p), not below -100, from probabilities. */
  static void logsOfRest(LossChunk c) {
    FloatVector least = FloatVector.broadcast(SPECIES, -100.0f);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector log = VectorMath.log1p(FloatVector.fromArray(SPECIES, c.p, i).neg());
      log.blend(least, log.compare(VectorOperators.LT, least)).intoArray(c.decline, i);
    }
  }

  /** Every element's loss from the logarithms. */
  static void lossesOfProbability(LossChunk c) {
    float[] t = c.t;
    float[] logP = c.hit;
    float[] logQ = c.decline;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, c.options.smoothing);
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - c.options.smoothing);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.bcePositive);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, i);
      FloatVector rest = lanes(1.0f).sub(ti);
      FloatVector on = positive.mul(smoothed(ti, rest, smoothing, kept));
      FloatVector off = smoothed(rest, ti, smoothing, kept).mul(load(logQ, i));
      on.fma(load(logP, i), off).neg().intoArray(c.loss, i);
    }
  }

  /** Multiplies the losses by the elements' weights. */
  static void weigh(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector.fromArray(SPECIES, c.loss, i)
          .mul(FloatVector.fromArray(SPECIES, c.w, i))
          .intoArray(c.loss, i);
    }
  }

  /** Sums the losses. */
  static void lossSums(LossChunk c) {
    sum(c.loss, c.lanes, LossSums.BCE, c.padded);
  }

  /** Adds numbers to the accumulators of one sum. */
  static void sum(float[] values, float[] lanes, int which, int n) {
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < n; i += ROW) {
        sum = sum.add(FloatVector.fromArray(SPECIES, values, i));
      }
      OverlapLoops.add(sum, lanes, which * ROW + first);
    }
  }

  static void addUp(LossChunk c) {
    c.addUp(LossSums.BCE);
  }

  /** The gradient with respect to logits. */
  static void gradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, c.options.smoothing);
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - c.options.smoothing);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.bcePositive);
    FloatVector k = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, i);
      FloatVector rest = lanes(1.0f).sub(ti);
      FloatVector on = positive.mul(smoothed(ti, rest, smoothing, kept));
      FloatVector off = smoothed(rest, ti, smoothing, kept);
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      VectorMask<Float> negative = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, negative);
      FloatVector q = small.blend(large, negative);
      FloatVector g = off.fma(p, on.mul(q).neg());
      g.fma(k, FloatVector.fromArray(SPECIES, gradient, i)).intoArray(gradient, i);
    }
  }

  /** The gradient with respect to logits, elements weighted. */
  static void weightedGradient(LossChunk c) {
    float[] side = c.side;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, c.options.smoothing);
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - c.options.smoothing);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.bcePositive);
    FloatVector k = FloatVector.broadcast(SPECIES, c.kBce);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, i);
      FloatVector rest = lanes(1.0f).sub(ti);
      FloatVector on = positive.mul(smoothed(ti, rest, smoothing, kept));
      FloatVector off = smoothed(rest, ti, smoothing, kept);
      FloatVector v = FloatVector.fromArray(SPECIES, side, i);
      VectorMask<Float> negative = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, negative);
      FloatVector q = small.blend(large, negative);
      FloatVector g = off.fma(p, on.mul(q).neg());
      g.fma(k.mul(FloatVector.fromArray(SPECIES, c.w, i)), load(gradient, i))
          .intoArray(gradient, i);
    }
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i);
  }

  /** The gradient with respect to probabilities. */
  static void gradientOfProbability(LossChunk c) {
    float[] p = c.p;
    float[] t = c.t;
    float[] gradient = c.gradient;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, c.options.smoothing);
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - c.options.smoothing);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.bcePositive);
    FloatVector k = FloatVector.broadcast(SPECIES, c.kBce);
    FloatVector least = FloatVector.broadcast(SPECIES, 1e-12f);
    boolean weighted = c.options.weighted;
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, i);
      FloatVector rest = lanes(1.0f).sub(ti);
      FloatVector on = positive.mul(smoothed(ti, rest, smoothing, kept));
      FloatVector off = smoothed(rest, ti, smoothing, kept);
      FloatVector pi = load(p, i);
      FloatVector q = lanes(1.0f).sub(pi);
      FloatVector divisor = pi.mul(q);
      divisor = divisor.blend(least, divisor.compare(VectorOperators.LT, least));
      FloatVector g = off.fma(pi, on.mul(q).neg()).div(divisor);
      FloatVector factor = weighted ? k.mul(load(c.w, i)) : k;
      g.fma(factor, load(gradient, i)).intoArray(gradient, i);
    }
  }

  /** A part of the target after label smoothing, from it and the other part. */
  private static FloatVector smoothed(
      FloatVector part, FloatVector other, FloatVector smoothing, FloatVector kept) {
    return other.fma(smoothing, part.mul(kept));
  }
}
