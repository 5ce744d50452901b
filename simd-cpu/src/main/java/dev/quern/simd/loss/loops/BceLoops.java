package dev.quern.simd.loss.loops;

import static dev.quern.simd.loss.loops.LossBlock.ROW;
import static dev.quern.simd.loss.loops.LossMath.accumulate;
import static dev.quern.simd.loss.loops.LossMath.load;
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
 * The binary cross-entropy of a {@link LossBlock}: the vector twin of its functions in {@code
 * formulas/loss_element.inc}. The plain loss, without smoothing, weights and factors, has loops of
 * its own. Gradients are added to what is there.
 */
final class BceLoops {
  private BceLoops() {}

  /** Sums of the plain loss from logits. */
  static void plainSums(LossBlock b) {
    for (int first = 0; first < ROW; first += LANES) {
      plainSums(b.x, b.t, b.e, b.lanes, first, b.padded);
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
    accumulate(sum, lanes, LossSums.BCE * ROW + first);
  }

  /** Sums and gradient of the plain loss from logits; the gradient is written. */
  static void plainBoth(LossBlock b) {
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.bce);
    float[] x = b.x;
    float[] t = b.t;
    float[] e = b.e;
    float[] side = b.side;
    float[] gradient = b.gradient;
    int n = b.padded;
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
      accumulate(sum, b.lanes, LossSums.BCE * ROW + first);
    }
  }

  static FloatVector plain(FloatVector x, FloatVector t, FloatVector log1p) {
    VectorMask<Float> negative = x.compare(VectorOperators.LT, lanes(0.0f));
    FloatVector miss = lanes(1.0f).sub(t).blend(t, negative);
    // an infinite logit on the right side costs nothing
    return log1p.blend(x.abs().fma(miss, log1p), miss.compare(VectorOperators.NE, lanes(0.0f)));
  }

  /** Every element's loss from logits. */
  static void losses(LossBlock b) {
    float[] x = b.x;
    float[] t = b.t;
    float[] e = b.e;
    float[] loss = b.bce.loss;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, b.options.scalars.bceSmoothing());
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - b.options.scalars.bceSmoothing());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.selected.bcePositive);
    int n = b.padded;
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
  static void logsOfProbability(LossBlock b) {
    FloatVector least = FloatVector.broadcast(SPECIES, -100.0f);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector log = VectorMath.log(FloatVector.fromArray(SPECIES, b.p, i));
      log.blend(least, log.compare(VectorOperators.LT, least)).intoArray(b.bce.logP, i);
    }
  }

  /** ln(1 - p), not below -100, from probabilities. */
  static void logsOfRest(LossBlock b) {
    FloatVector least = FloatVector.broadcast(SPECIES, -100.0f);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector log = VectorMath.log1p(FloatVector.fromArray(SPECIES, b.p, i).neg());
      log.blend(least, log.compare(VectorOperators.LT, least)).intoArray(b.bce.logQ, i);
    }
  }

  /** Every element's loss from the logarithms. */
  static void lossesOfProbability(LossBlock b) {
    float[] t = b.t;
    float[] logP = b.bce.logP;
    float[] logQ = b.bce.logQ;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, b.options.scalars.bceSmoothing());
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - b.options.scalars.bceSmoothing());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.selected.bcePositive);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector ti = load(t, i);
      FloatVector rest = lanes(1.0f).sub(ti);
      FloatVector on = positive.mul(smoothed(ti, rest, smoothing, kept));
      FloatVector off = smoothed(rest, ti, smoothing, kept).mul(load(logQ, i));
      on.fma(load(logP, i), off).neg().intoArray(b.bce.loss, i);
    }
  }

  /** Multiplies the losses by the elements' weights. */
  static void weigh(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector.fromArray(SPECIES, b.bce.loss, i)
          .mul(FloatVector.fromArray(SPECIES, b.w, i))
          .intoArray(b.bce.loss, i);
    }
  }

  /** Sums the losses. */
  static void lossSums(LossBlock b) {
    sum(b.bce.loss, b.lanes, LossSums.BCE, b.padded);
  }

  /** Adds numbers to the accumulators of one sum. */
  static void sum(float[] values, float[] lanes, int which, int n) {
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < n; i += ROW) {
        sum = sum.add(FloatVector.fromArray(SPECIES, values, i));
      }
      accumulate(sum, lanes, which * ROW + first);
    }
  }

  static void addUp(LossBlock b) {
    b.addUp(LossSums.BCE);
  }

  /** The gradient with respect to logits. */
  static void gradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, b.options.scalars.bceSmoothing());
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - b.options.scalars.bceSmoothing());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.selected.bcePositive);
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.bce);
    int n = b.padded;
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
  static void weightedGradient(LossBlock b) {
    float[] side = b.side;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, b.options.scalars.bceSmoothing());
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - b.options.scalars.bceSmoothing());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.selected.bcePositive);
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.bce);
    int n = b.padded;
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
      g.fma(k.mul(FloatVector.fromArray(SPECIES, b.w, i)), load(gradient, i))
          .intoArray(gradient, i);
    }
  }

  /** The gradient with respect to probabilities. */
  static void gradientOfProbability(LossBlock b) {
    float[] p = b.p;
    float[] t = b.t;
    float[] gradient = b.gradient;
    FloatVector smoothing = FloatVector.broadcast(SPECIES, b.options.scalars.bceSmoothing());
    FloatVector kept = FloatVector.broadcast(SPECIES, 1.0f - b.options.scalars.bceSmoothing());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.selected.bcePositive);
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.bce);
    FloatVector least = FloatVector.broadcast(SPECIES, 1e-12f);
    boolean weighted = b.options.weighted;
    int n = b.padded;
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
      FloatVector factor = weighted ? k.mul(load(b.w, i)) : k;
      g.fma(factor, load(gradient, i)).intoArray(gradient, i);
    }
  }

  /** A part of the target after label smoothing, from it and the other part. */
  private static FloatVector smoothed(
      FloatVector part, FloatVector other, FloatVector smoothing, FloatVector kept) {
    return other.fma(smoothing, part.mul(kept));
  }
}
