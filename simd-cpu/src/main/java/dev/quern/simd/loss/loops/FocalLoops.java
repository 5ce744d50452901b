package dev.quern.simd.loss.loops;

import static dev.quern.simd.loss.loops.LossBlock.ROW;
import static dev.quern.simd.loss.loops.LossMath.accumulate;
import static dev.quern.simd.loss.loops.LossMath.load;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.Sides;
import dev.quern.simd.math.VectorMath;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossSums;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The focal loss of a {@link LossBlock}: the vector twin of its functions in {@code
 * formulas/loss_element.inc}, in loops that leave the cross-entropy, q, their slopes and the weight
 * f of every element in scratch memory. Blocks of hard targets take neither a power nor a logarithm
 * but that of 1 + e; soft targets replace what differs.
 */
final class FocalLoops {
  private FocalLoops() {}

  /**
   * From probabilities, of which neither part is below 1e-7: e, side and the logit's derivative.
   */
  static void oddsOfProbability(LossBlock b) {
    float[] p = b.p;
    b.useScratchSide();
    float[] side = b.side;
    FloatVector bound = FloatVector.broadcast(SPECIES, FusedLossSpec.LEAST_PROBABILITY);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector pi = load(p, i);
      VectorMask<Float> low = pi.compare(VectorOperators.LT, lanes(0.5f));
      FloatVector small = lanes(1.0f).sub(pi).blend(pi, low);
      VectorMask<Float> least = small.compare(VectorOperators.LT, bound);
      small = small.blend(bound, least);
      FloatVector large = lanes(1.0f).sub(small);
      small.div(large).intoArray(b.e, i);
      small.neg().blend(small, low).intoArray(side, i);
      FloatVector chain = lanes(1.0f).div(small.mul(large));
      chain.blend(lanes(0.0f), least).intoArray(b.focal.chain, i);
    }
  }

  /** From here on the loops take logits; what does not count has none. */
  static void logitOfOdds(LossBlock b) {
    float[] e = b.e;
    float[] side = b.side;
    FloatVector none = FloatVector.broadcast(SPECIES, LossBlock.NO_LOGIT);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector log = VectorMath.log(load(e, i));
      FloatVector v = load(side, i);
      FloatVector logit = log.neg().blend(log, Sides.negative(v));
      VectorMask<Float> out = load(b.keep, i).compare(VectorOperators.EQ, lanes(0.0f));
      logit.blend(none, out).intoArray(b.focal.logit, i);
      load(e, i).blend(lanes(0.0f), out).intoArray(e, i);
      v.blend(lanes(0.0f), out).intoArray(side, i);
    }
    b.x = b.focal.logit;
  }

  /** ln(1 + e), which the next loop would have no room for. */
  static void log1p(LossBlock b) {
    float[] e = b.e;
    float[] log1p = b.focal.log1p;
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMath.log1pUnit(load(e, i)).intoArray(log1p, i);
    }
  }

  /** Loss, slopes and the logarithm of 1 - q of hard targets; needs ln(1 + e) and side. */
  static void hard(LossBlock b) {
    float[] x = b.x;
    float[] t = b.t;
    float[] side = b.side;
    float[] log1ps = b.focal.log1p;
    float[] loss = b.focal.loss;
    float[] logRest = b.focal.logRest;
    float[] hits = b.focal.hit;
    float[] decline = b.focal.decline;
    float[] slope = b.focal.slope;
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector log1p = load(log1ps, i);
      FloatVector small = load(side, i).abs();
      FloatVector xi = load(x, i);
      VectorMask<Float> on = load(t, i).compare(VectorOperators.EQ, lanes(1.0f));
      // the logit on the side of the target
      FloatVector z = xi.neg().blend(xi, on);
      VectorMask<Float> wrong = z.compare(VectorOperators.LT, lanes(0.0f));
      FloatVector both = log1p.add(xi.abs());
      log1p.blend(both, wrong).intoArray(loss, i);
      both.blend(log1p, wrong).neg().intoArray(logRest, i);
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector hit = large.blend(small, wrong);
      FloatVector rest = small.blend(large, wrong);
      hit.intoArray(hits, i);
      hit.blend(hit.neg(), on).intoArray(decline, i);
      rest.blend(rest.neg(), on).intoArray(slope, i);
    }
  }

  /** Finds out whether any target is neither 0 nor 1. */
  static void findSoft(LossBlock b) {
    int soft = 0;
    for (int i = 0; i < b.padded; i += LANES) {
      soft += soft(load(b.t, i)).trueCount();
    }
    b.soft = soft > 0;
  }

  private static VectorMask<Float> soft(FloatVector t) {
    return t.compare(VectorOperators.NE, lanes(0.0f))
        .and(t.compare(VectorOperators.NE, lanes(1.0f)));
  }

  /** Replaces loss and slope where targets are soft. */
  static void softLoss(LossBlock b) {
    if (!b.soft) {
      return;
    }
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector t = load(b.t, i);
      VectorMask<Float> soft = soft(t);
      FloatVector x = load(b.x, i);
      FloatVector v = load(b.side, i);
      FloatVector miss = lanes(1.0f).sub(t).blend(t, x.compare(VectorOperators.LT, lanes(0.0f)));
      FloatVector l = x.abs().fma(miss, VectorMath.log1pUnit(load(b.e, i)));
      load(b.focal.loss, i).blend(l, soft).intoArray(b.focal.loss, i);
      FloatVector slope = Sides.difference(v, t);
      load(b.focal.slope, i).blend(slope, soft).intoArray(b.focal.slope, i);
    }
  }

  /** Replaces q, its slope and 1 - q, q = p t + (1 - p) (1 - t). */
  static void softLinear(LossBlock b) {
    if (!b.soft) {
      return;
    }
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector t = load(b.t, i);
      VectorMask<Float> soft = soft(t);
      FloatVector v = load(b.side, i);
      VectorMask<Float> negative = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, negative);
      FloatVector q = small.blend(large, negative);
      FloatVector off = lanes(1.0f).sub(t);
      FloatVector hit = p.fma(t, q.mul(off));
      FloatVector rest = p.fma(off, q.mul(t));
      FloatVector decline = off.sub(t).mul(small.mul(large)).div(rest);
      load(b.focal.hit, i).blend(hit, soft).intoArray(b.focal.hit, i);
      load(b.focal.decline, i).blend(decline, soft).intoArray(b.focal.decline, i);
      load(b.focal.logRest, i).blend(rest, soft).intoArray(b.focal.logRest, i);
    }
  }

  /** Replaces q = e^-l. */
  static void softHit(LossBlock b) {
    if (!b.soft) {
      return;
    }
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector hit = VectorMath.exp(load(b.focal.loss, i).neg());
      load(b.focal.hit, i).blend(hit, soft(load(b.t, i))).intoArray(b.focal.hit, i);
    }
  }

  /** Replaces its slope and 1 - q. */
  static void softRest(LossBlock b) {
    if (!b.soft) {
      return;
    }
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMask<Float> soft = soft(load(b.t, i));
      FloatVector hit = load(b.focal.hit, i);
      FloatVector rest = VectorMath.oneMinusExp(load(b.focal.loss, i), hit);
      FloatVector decline = hit.mul(load(b.focal.slope, i)).div(rest);
      load(b.focal.decline, i).blend(decline, soft).intoArray(b.focal.decline, i);
      load(b.focal.logRest, i).blend(rest, soft).intoArray(b.focal.logRest, i);
    }
  }

  /** Takes the logarithm of 1 - q. */
  static void softLog(LossBlock b) {
    if (!b.soft) {
      return;
    }
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector rest = load(b.focal.logRest, i);
      rest.blend(VectorMath.log(rest), soft(load(b.t, i))).intoArray(b.focal.logRest, i);
    }
  }

  /** f = ((1 - q) / threshold)^gamma from the logarithm of 1 - q. */
  static void weights(LossBlock b) {
    LossOptions options = b.options;
    if (options.scalars.focalGamma() == 0) {
      Arrays.fill(b.focal.weight, 0, b.padded, 1);
      return;
    }
    FloatVector gamma = FloatVector.broadcast(SPECIES, options.scalars.focalGamma());
    FloatVector shift = FloatVector.broadcast(SPECIES, options.scalars.focalLogThreshold());
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMath.exp(load(b.focal.logRest, i).sub(shift).mul(gamma)).intoArray(b.focal.weight, i);
    }
  }

  /** f = 1 and no slope of it where q is below the threshold. */
  static void reduce(LossBlock b) {
    FloatVector threshold = FloatVector.broadcast(SPECIES, b.options.scalars.focalThreshold());
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMask<Float> reduced = load(b.focal.hit, i).compare(VectorOperators.LT, threshold);
      load(b.focal.weight, i).blend(lanes(1.0f), reduced).intoArray(b.focal.weight, i);
      load(b.focal.decline, i).blend(lanes(0.0f), reduced).intoArray(b.focal.decline, i);
    }
  }

  /** Sums of a f l and f. */
  static void sums(LossBlock b) {
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector value = FloatVector.zero(SPECIES);
      FloatVector norm = FloatVector.zero(SPECIES);
      FloatVector positive = FloatVector.broadcast(SPECIES, b.options.scalars.focalPositive());
      FloatVector negative = FloatVector.broadcast(SPECIES, b.options.scalars.focalNegative());
      for (int i = first; i < b.padded; i += ROW) {
        FloatVector f = load(b.focal.weight, i);
        FloatVector a = factor(load(b.t, i), positive, negative);
        value = value.add(f.mul(load(b.focal.loss, i)).mul(a));
        norm = norm.add(f);
      }
      accumulate(value, b.lanes, LossSums.FOCAL * ROW + first);
      accumulate(norm, b.lanes, LossSums.FOCAL_NORM * ROW + first);
    }
  }

  /** Every element's a f l, in place of its cross-entropy. */
  static void losses(LossBlock b) {
    FloatVector positive = FloatVector.broadcast(SPECIES, b.options.scalars.focalPositive());
    FloatVector negative = FloatVector.broadcast(SPECIES, b.options.scalars.focalNegative());
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector a = factor(load(b.t, i), positive, negative);
      load(b.focal.weight, i).mul(load(b.focal.loss, i)).mul(a).intoArray(b.focal.loss, i);
    }
  }

  private static FloatVector factor(FloatVector t, FloatVector positive, FloatVector negative) {
    return positive.fma(t, negative.mul(lanes(1.0f).sub(t)));
  }

  static void addUp(LossBlock b) {
    b.addUp(LossSums.FOCAL);
    b.addUp(LossSums.FOCAL_NORM);
    int neutral = b.padded - b.n + b.dropped;
    b.add(b.selected.index, LossSums.FOCAL_NORM, -neutral * b.options.neutralFocalWeight());
  }

  /** Adds the gradient with respect to the logit. */
  static void gradient(LossBlock b) {
    float[] gradient = b.gradient;
    FloatVector k = FloatVector.broadcast(SPECIES, b.selected.focal);
    FloatVector kNorm = FloatVector.broadcast(SPECIES, b.selected.focalNorm);
    FloatVector gamma = FloatVector.broadcast(SPECIES, b.options.scalars.focalGamma());
    FloatVector positive = FloatVector.broadcast(SPECIES, b.options.scalars.focalPositive());
    FloatVector negative = FloatVector.broadcast(SPECIES, b.options.scalars.focalNegative());
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector growth = load(b.focal.decline, i).mul(gamma);
      FloatVector slope = load(b.focal.slope, i);
      FloatVector f = load(b.focal.weight, i);
      // an infinite logit on the wrong side: l is infinite, but f no longer grows
      FloatVector inner =
          load(b.focal.loss, i)
              .fma(growth, slope)
              .blend(slope, growth.compare(VectorOperators.EQ, lanes(0.0f)));
      FloatVector s = factor(load(b.t, i), positive, negative).mul(f).mul(inner);
      s = k.fma(s, kNorm.mul(f.mul(growth)));
      s.add(load(gradient, i)).intoArray(gradient, i);
    }
  }

  /** Adds the gradient with respect to the probability. */
  static void gradientOfProbability(LossBlock b) {
    float[] gradient = b.gradient;
    System.arraycopy(gradient, 0, b.scratch, 0, b.padded);
    Arrays.fill(gradient, 0, b.padded, 0);
    gradient(b);
    for (int i = 0; i < b.padded; i += LANES) {
      load(gradient, i).fma(load(b.focal.chain, i), load(b.scratch, i)).intoArray(gradient, i);
    }
  }
}
