package dev.quern.simd.loss;

import static dev.quern.simd.loss.LossChunk.ROW;
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
 * The focal loss of a {@link LossChunk}: the vector twin of its functions in {@code
 * formulas/loss_element.inc}, in loops that leave the cross-entropy, q, their slopes and the weight
 * f of every element in scratch memory. Blocks of hard targets take neither a power nor a logarithm
 * but that of 1 + e; soft targets replace what differs.
 */
final class FocalLoops {
  private FocalLoops() {}

  /**
   * From probabilities, of which neither part is below 1e-7: e, side and the logit's derivative.
   */
  static void oddsOfProbability(LossChunk c) {
    float[] p = c.p;
    c.useScratch();
    float[] side = c.side;
    FloatVector bound = FloatVector.broadcast(SPECIES, FusedLossSpec.LEAST_PROBABILITY);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector pi = load(p, i);
      VectorMask<Float> low = pi.compare(VectorOperators.LT, lanes(0.5f));
      FloatVector small = lanes(1.0f).sub(pi).blend(pi, low);
      VectorMask<Float> least = small.compare(VectorOperators.LT, bound);
      small = small.blend(bound, least);
      FloatVector large = lanes(1.0f).sub(small);
      small.div(large).intoArray(c.e, i);
      small.neg().blend(small, low).intoArray(side, i);
      FloatVector chain = lanes(1.0f).div(small.mul(large));
      chain.blend(lanes(0.0f), least).intoArray(c.chain, i);
    }
  }

  /** From here on the loops take logits; what does not count has none. */
  static void logitOfOdds(LossChunk c) {
    float[] e = c.e;
    float[] side = c.side;
    FloatVector none = FloatVector.broadcast(SPECIES, LossChunk.NO_LOGIT);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector log = VectorMath.log(load(e, i));
      FloatVector v = load(side, i);
      FloatVector logit = log.neg().blend(log, Sides.negative(v));
      VectorMask<Float> out = load(c.keep, i).compare(VectorOperators.EQ, lanes(0.0f));
      logit.blend(none, out).intoArray(c.logit, i);
      load(e, i).blend(lanes(0.0f), out).intoArray(e, i);
      v.blend(lanes(0.0f), out).intoArray(side, i);
    }
    c.x = c.logit;
  }

  /** ln(1 + e), which the next loop would have no room for. */
  static void log1p(LossChunk c) {
    float[] e = c.e;
    float[] log1p = c.loss;
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMath.log1pUnit(load(e, i)).intoArray(log1p, i);
    }
  }

  /** Loss, slopes and the logarithm of 1 - q of hard targets; needs ln(1 + e) and side. */
  static void hard(LossChunk c) {
    float[] x = c.x;
    float[] t = c.t;
    float[] side = c.side;
    float[] loss = c.loss;
    float[] weight = c.weight;
    float[] hits = c.hit;
    float[] decline = c.decline;
    float[] slope = c.slope;
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector log1p = load(loss, i);
      FloatVector small = load(side, i).abs();
      FloatVector xi = load(x, i);
      VectorMask<Float> on = load(t, i).compare(VectorOperators.EQ, lanes(1.0f));
      // the logit on the side of the target
      FloatVector z = xi.neg().blend(xi, on);
      VectorMask<Float> wrong = z.compare(VectorOperators.LT, lanes(0.0f));
      FloatVector both = log1p.add(xi.abs());
      log1p.blend(both, wrong).intoArray(loss, i);
      both.blend(log1p, wrong).neg().intoArray(weight, i);
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector hit = large.blend(small, wrong);
      FloatVector rest = small.blend(large, wrong);
      hit.intoArray(hits, i);
      hit.blend(hit.neg(), on).intoArray(decline, i);
      rest.blend(rest.neg(), on).intoArray(slope, i);
    }
  }

  /** Finds out whether any target is neither 0 nor 1. */
  static void findSoft(LossChunk c) {
    int soft = 0;
    for (int i = 0; i < c.padded; i += LANES) {
      soft += soft(load(c.t, i)).trueCount();
    }
    c.soft = soft > 0;
  }

  private static VectorMask<Float> soft(FloatVector t) {
    return t.compare(VectorOperators.NE, lanes(0.0f))
        .and(t.compare(VectorOperators.NE, lanes(1.0f)));
  }

  /** Replaces loss and slope where targets are soft. */
  static void softLoss(LossChunk c) {
    if (!c.soft) {
      return;
    }
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector t = load(c.t, i);
      VectorMask<Float> soft = soft(t);
      FloatVector x = load(c.x, i);
      FloatVector v = load(c.side, i);
      FloatVector miss = lanes(1.0f).sub(t).blend(t, x.compare(VectorOperators.LT, lanes(0.0f)));
      FloatVector l = x.abs().fma(miss, VectorMath.log1pUnit(load(c.e, i)));
      load(c.loss, i).blend(l, soft).intoArray(c.loss, i);
      FloatVector slope = Sides.difference(v, t);
      load(c.slope, i).blend(slope, soft).intoArray(c.slope, i);
    }
  }

  /** Replaces q, its slope and 1 - q, q = p t + (1 - p) (1 - t). */
  static void softLinear(LossChunk c) {
    if (!c.soft) {
      return;
    }
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector t = load(c.t, i);
      VectorMask<Float> soft = soft(t);
      FloatVector v = load(c.side, i);
      VectorMask<Float> negative = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, negative);
      FloatVector q = small.blend(large, negative);
      FloatVector off = lanes(1.0f).sub(t);
      FloatVector hit = p.fma(t, q.mul(off));
      FloatVector rest = p.fma(off, q.mul(t));
      FloatVector decline = off.sub(t).mul(small.mul(large)).div(rest);
      load(c.hit, i).blend(hit, soft).intoArray(c.hit, i);
      load(c.decline, i).blend(decline, soft).intoArray(c.decline, i);
      load(c.weight, i).blend(rest, soft).intoArray(c.weight, i);
    }
  }

  /** Replaces q = e^-l. */
  static void softHit(LossChunk c) {
    if (!c.soft) {
      return;
    }
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector hit = VectorMath.exp(load(c.loss, i).neg());
      load(c.hit, i).blend(hit, soft(load(c.t, i))).intoArray(c.hit, i);
    }
  }

  /** Replaces its slope and 1 - q. */
  static void softRest(LossChunk c) {
    if (!c.soft) {
      return;
    }
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMask<Float> soft = soft(load(c.t, i));
      FloatVector hit = load(c.hit, i);
      FloatVector rest = VectorMath.oneMinusExp(load(c.loss, i), hit);
      FloatVector decline = hit.mul(load(c.slope, i)).div(rest);
      load(c.decline, i).blend(decline, soft).intoArray(c.decline, i);
      load(c.weight, i).blend(rest, soft).intoArray(c.weight, i);
    }
  }

  /** Takes the logarithm of 1 - q. */
  static void softLog(LossChunk c) {
    if (!c.soft) {
      return;
    }
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector rest = load(c.weight, i);
      rest.blend(VectorMath.log(rest), soft(load(c.t, i))).intoArray(c.weight, i);
    }
  }

  /** f = ((1 - q) / threshold)^gamma from the logarithm of 1 - q. */
  static void weights(LossChunk c) {
    LossOptions options = c.options;
    if (options.gamma == 0) {
      Arrays.fill(c.weight, 0, c.padded, 1);
      return;
    }
    FloatVector gamma = FloatVector.broadcast(SPECIES, options.gamma);
    FloatVector shift = FloatVector.broadcast(SPECIES, options.logThreshold);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMath.exp(load(c.weight, i).sub(shift).mul(gamma)).intoArray(c.weight, i);
    }
  }

  /** f = 1 and no slope of it where q is below the threshold. */
  static void reduce(LossChunk c) {
    FloatVector threshold = FloatVector.broadcast(SPECIES, c.options.threshold);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMask<Float> reduced = load(c.hit, i).compare(VectorOperators.LT, threshold);
      load(c.weight, i).blend(lanes(1.0f), reduced).intoArray(c.weight, i);
      load(c.decline, i).blend(lanes(0.0f), reduced).intoArray(c.decline, i);
    }
  }

  /** Sums of a f l and f. */
  static void sums(LossChunk c) {
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector value = FloatVector.zero(SPECIES);
      FloatVector norm = FloatVector.zero(SPECIES);
      FloatVector positive = FloatVector.broadcast(SPECIES, c.options.positive);
      FloatVector negative = FloatVector.broadcast(SPECIES, c.options.negative);
      for (int i = first; i < c.padded; i += ROW) {
        FloatVector f = load(c.weight, i);
        FloatVector a = factor(load(c.t, i), positive, negative);
        value = value.add(f.mul(load(c.loss, i)).mul(a));
        norm = norm.add(f);
      }
      OverlapLoops.add(value, c.lanes, LossSums.FOCAL * ROW + first);
      OverlapLoops.add(norm, c.lanes, LossSums.FOCAL_NORM * ROW + first);
    }
  }

  /** Every element's a f l, in place of its cross-entropy. */
  static void losses(LossChunk c) {
    FloatVector positive = FloatVector.broadcast(SPECIES, c.options.positive);
    FloatVector negative = FloatVector.broadcast(SPECIES, c.options.negative);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector a = factor(load(c.t, i), positive, negative);
      load(c.weight, i).mul(load(c.loss, i)).mul(a).intoArray(c.loss, i);
    }
  }

  private static FloatVector factor(FloatVector t, FloatVector positive, FloatVector negative) {
    return positive.fma(t, negative.mul(lanes(1.0f).sub(t)));
  }

  static void addUp(LossChunk c) {
    c.addUp(LossSums.FOCAL);
    c.addUp(LossSums.FOCAL_NORM);
    int neutral = c.padded - c.n + c.dropped;
    c.sums[c.c * LossSums.COUNT + LossSums.FOCAL_NORM] -= neutral * c.options.neutralFocalWeight();
  }

  /** Adds the gradient with respect to the logit. */
  static void gradient(LossChunk c) {
    float[] gradient = c.gradient;
    FloatVector k = FloatVector.broadcast(SPECIES, c.kFocal);
    FloatVector kNorm = FloatVector.broadcast(SPECIES, c.kFocalNorm);
    FloatVector gamma = FloatVector.broadcast(SPECIES, c.options.gamma);
    FloatVector positive = FloatVector.broadcast(SPECIES, c.options.positive);
    FloatVector negative = FloatVector.broadcast(SPECIES, c.options.negative);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector growth = load(c.decline, i).mul(gamma);
      FloatVector slope = load(c.slope, i);
      FloatVector f = load(c.weight, i);
      // an infinite logit on the wrong side: l is infinite, but f no longer grows
      FloatVector inner =
          load(c.loss, i)
              .fma(growth, slope)
              .blend(slope, growth.compare(VectorOperators.EQ, lanes(0.0f)));
      FloatVector s = factor(load(c.t, i), positive, negative).mul(f).mul(inner);
      s = k.fma(s, kNorm.mul(f.mul(growth)));
      s.add(load(gradient, i)).intoArray(gradient, i);
    }
  }

  /** Adds the gradient with respect to the probability. */
  static void gradientOfProbability(LossChunk c) {
    float[] gradient = c.gradient;
    System.arraycopy(gradient, 0, c.scratch, 0, c.padded);
    Arrays.fill(gradient, 0, c.padded, 0);
    gradient(c);
    for (int i = 0; i < c.padded; i += LANES) {
      load(gradient, i).fma(load(c.chain, i), load(c.scratch, i)).intoArray(gradient, i);
    }
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i);
  }
}
