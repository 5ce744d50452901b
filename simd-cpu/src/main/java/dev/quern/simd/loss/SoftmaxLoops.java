package dev.quern.simd.loss;

import static dev.quern.simd.loss.LossChunk.ROW;
import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;
import static dev.quern.simd.math.VectorMath.lanes;

import dev.quern.simd.math.Sides;
import dev.quern.simd.math.VectorMath;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossSums;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * The losses of classes that exclude one another: the vector twin of the functions per pixel in
 * {@code formulas/loss_class.inc}. Every loop goes over the pixels of one class; what belongs to
 * the pixel (largest logit, norm, sum of slopes) is carried from class to class in arrays. Each
 * exponential is computed once a pass; {@code side} holds p, or -q of a class whose p is above 1/2,
 * so that neither cancels.
 */
final class SoftmaxLoops {
  private SoftmaxLoops() {}

  /** The largest logit and its class, the lowest of equal ones. */
  static void largest(LossChunk c) {
    if (c.c == 0) {
      System.arraycopy(c.x, 0, c.largest, 0, c.padded);
      java.util.Arrays.fill(c.first, 0, c.padded, 0);
      java.util.Arrays.fill(c.rest, 0, c.padded, 0);
      return;
    }
    float[] x = c.x;
    float[] largest = c.largest;
    float[] first = c.first;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector xi = load(x, i);
      FloatVector most = load(largest, i);
      VectorMask<Float> above = xi.compare(VectorOperators.GT, most);
      most.blend(xi, above).intoArray(largest, i);
      load(first, i).blend(own, above).intoArray(first, i);
    }
  }

  /** The likeliest class, the lowest of equal ones, from the sides that pass 1 kept. */
  static void likeliest(LossChunk c) {
    if (c.c == 0) {
      java.util.Arrays.fill(c.largest, 0, c.padded, 0);
      java.util.Arrays.fill(c.first, 0, c.padded, 0);
    }
    float[] side = c.side;
    float[] largest = c.largest;
    float[] first = c.first;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector p = Sides.probability(load(side, i));
      FloatVector most = load(largest, i);
      VectorMask<Float> above = p.compare(VectorOperators.GT, most);
      most.blend(p, above).intoArray(largest, i);
      load(first, i).blend(own, above).intoArray(first, i);
    }
  }

  /** e^(x - largest), and its sum over the classes but the largest. */
  static void exponentials(LossChunk c) {
    float[] x = c.x;
    float[] largest = c.largest;
    float[] first = c.first;
    float[] rest = c.rest;
    float[] e = c.side;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isFirst = load(first, i).compare(VectorOperators.EQ, own);
      FloatVector d = load(x, i).sub(load(largest, i)).blend(lanes(0.0f), isFirst);
      FloatVector ei = VectorMath.expNonPositive(d);
      ei.intoArray(e, i);
      load(rest, i).add(ei.blend(lanes(0.0f), isFirst)).intoArray(rest, i);
    }
  }

  /** 1 / (1 + rest); 0 for pixels that do not count. Rest is NaN where the largest logit is. */
  static void inverse(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector largest = load(c.largest, i);
      FloatVector rest = load(c.rest, i);
      // a NaN is in no difference where it is alone
      rest = rest.blend(largest, largest.compare(VectorOperators.NE, largest));
      rest.intoArray(c.rest, i);
      load(c.keep, i).div(rest.add(lanes(1.0f))).intoArray(c.inverse, i);
    }
  }

  /** ln(1 + rest). */
  static void logNorm(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMath.log(load(c.rest, i).add(lanes(1.0f))).intoArray(c.logNorm, i);
    }
  }

  /** The same where rest is at most 1. */
  static void smallLogNorm(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector rest = load(c.rest, i);
      FloatVector small = VectorMath.log1pUnit(rest);
      load(c.logNorm, i)
          .blend(small, rest.compare(VectorOperators.LE, lanes(1.0f)))
          .intoArray(c.logNorm, i);
    }
  }

  /** p, or -q of a class whose p is above 1/2, in place of the exponentials. */
  static void side(LossChunk c) {
    float[] side = c.side;
    float[] first = c.first;
    float[] rest = c.rest;
    float[] inverse = c.inverse;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      FloatVector norm = load(inverse, i);
      FloatVector pi = load(side, i).mul(norm);
      VectorMask<Float> sure =
          load(first, i)
              .compare(VectorOperators.EQ, own)
              .and(pi.compare(VectorOperators.GT, lanes(0.5f)));
      pi.blend(load(rest, i).mul(norm).neg(), sure).intoArray(side, i);
    }
  }

  /** ln p from logits. */
  static void logs(LossChunk c) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMask<Float> isFirst = load(c.first, i).compare(VectorOperators.EQ, own);
      FloatVector d = load(c.x, i).sub(load(c.largest, i)).blend(lanes(0.0f), isFirst);
      d.sub(load(c.logNorm, i)).intoArray(c.loss, i);
    }
  }

  /** ln max(p, 1e-7), and that maximum, from probabilities. */
  static void logsOfProbability(LossChunk c) {
    FloatVector least = FloatVector.broadcast(SPECIES, FusedLossSpec.LEAST_PROBABILITY);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector p = load(c.p, i);
      p = p.blend(least, p.compare(VectorOperators.LT, least));
      p.intoArray(c.e, i);
      VectorMath.log(p).intoArray(c.loss, i);
    }
  }

  // ---- cross-entropy ----

  /** Adds this class's part to the pixels' cross-entropy; needs ln p. */
  static void crossEntropy(LossChunk c) {
    float[] t = c.t;
    float[] log = c.loss;
    float[] sum = c.crossEntropy;
    FloatVector kept = FloatVector.broadcast(SPECIES, c.options.kept);
    FloatVector spread = FloatVector.broadcast(SPECIES, c.options.spread);
    FloatVector factor = FloatVector.broadcast(SPECIES, c.crossEntropyFactor);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector share = share(load(t, i), kept, spread, factor);
      FloatVector before = load(sum, i);
      FloatVector after = before.sub(share.mul(load(log, i)));
      after.blend(before, share.compare(VectorOperators.EQ, lanes(0.0f))).intoArray(sum, i);
    }
  }

  private static FloatVector share(
      FloatVector t, FloatVector kept, FloatVector spread, FloatVector factor) {
    return factor.mul(t.mul(kept).add(spread));
  }

  /** Leaves out the pixels that do not count, and sums. */
  static void crossEntropySums(LossChunk c) {
    pixelSums(c.crossEntropy, c, LossSums.CROSS_ENTROPY);
    labelWeights(c);
  }

  private static void pixelSums(float[] values, LossChunk c, int which) {
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < c.padded; i += ROW) {
        VectorMask<Float> counts = load(c.keep, i).compare(VectorOperators.NE, lanes(0.0f));
        sum = sum.add(load(values, i), counts);
      }
      OverlapLoops.add(sum, c.lanes, which * ROW + first);
    }
    c.addUp(which);
  }

  /** The weights of the pixels' labels; those of faulty ones are added when the piece ends. */
  private static void labelWeights(LossChunk c) {
    LossOptions options = c.options;
    double sum = 0;
    if (options.oneHot) {
      sum = c.n - c.dropped;
    } else if (!options.weighsClasses) {
      sum = c.n - c.dropped + c.faulty;
    } else {
      for (int i = 0; i < c.n; i++) {
        int label = (int) c.label[i];
        sum += label < 0 ? 0 : options.crossEntropyFactors[label];
      }
      sum += c.faulty;
    }
    c.sums[LossSums.CROSS_ENTROPY_WEIGHT] += sum;
  }

  // ---- focal loss through the softmax ----

  /** ln(1 - p) of logits. */
  static void logsOfRest(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector v = load(c.side, i);
      FloatVector small = v.abs();
      FloatVector q = small.blend(lanes(1.0f).sub(small), Sides.negative(v));
      q.intoArray(c.hit, i);
      VectorMath.log(q).intoArray(c.weight, i);
    }
  }

  /** ln(1 - p) of probabilities. */
  static void logsOfRestOfProbability(LossChunk c) {
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector q = lanes(1.0f).sub(load(c.p, i));
      q.intoArray(c.hit, i);
      VectorMath.log(q).intoArray(c.weight, i);
    }
  }

  /** (1 - p)^gamma. */
  static void weights(LossChunk c) {
    if (c.options.softmaxGamma == 0) {
      java.util.Arrays.fill(c.weight, 0, c.padded, 1);
      return;
    }
    FloatVector gamma = FloatVector.broadcast(SPECIES, c.options.softmaxGamma);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMath.exp(load(c.weight, i).mul(gamma)).intoArray(c.weight, i);
    }
  }

  /** Adds this class's part to the pixels' focal loss; needs ln p and (1 - p)^gamma. */
  static void softmaxFocal(LossChunk c) {
    FloatVector factor = FloatVector.broadcast(SPECIES, c.softmaxFocalFactor);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector t = load(c.t, i);
      FloatVector part = factor.mul(t).mul(load(c.weight, i)).mul(load(c.loss, i));
      FloatVector before = load(c.softmaxFocal, i);
      before
          .sub(part)
          .blend(before, t.compare(VectorOperators.EQ, lanes(0.0f)))
          .intoArray(c.softmaxFocal, i);
    }
  }

  static void softmaxFocalSums(LossChunk c) {
    pixelSums(c.softmaxFocal, c, LossSums.SOFTMAX_FOCAL);
  }

  // ---- slopes: the derivatives with respect to ln p (from probabilities, to p) ----

  // the slopes of overlap losses in p itself, before those by ln p are taken from them

  static void minSlope(LossChunk c) {
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector d = Sides.difference(load(c.side, i), load(c.t, i));
      OverlapLoops.minSlope(d, hit, miss).intoArray(c.gradient, i);
    }
  }

  static void productSlope(LossChunk c) {
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    for (int i = 0; i < c.padded; i += LANES) {
      OverlapLoops.productSlope(load(c.t, i), hit, miss).intoArray(c.gradient, i);
    }
  }

  static void squaredSlope(LossChunk c) {
    FloatVector hit = FloatVector.broadcast(SPECIES, c.kHit);
    FloatVector miss = FloatVector.broadcast(SPECIES, c.kMiss);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector t = load(c.t, i);
      FloatVector d = Sides.difference(load(c.side, i), t);
      OverlapLoops.squaredSlope(d, t, hit, miss).intoArray(c.gradient, i);
    }
  }

  /**
   * Keeps the slope of the likeliest class. As the probabilities' sum is 1, the gradient stays the
   * same if all slopes are measured from it; then no difference of large numbers is left.
   */
  static void anchor(LossChunk c) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMask<Float> isFirst = load(c.first, i).compare(VectorOperators.EQ, own);
      load(c.anchor, i).blend(load(c.gradient, i), isFirst).intoArray(c.anchor, i);
    }
  }

  /** The derivative with respect to ln p: 0 for the likeliest class. */
  static void fromAnchor(LossChunk c) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMask<Float> isFirst = load(c.first, i).compare(VectorOperators.EQ, own);
      FloatVector p = Sides.probability(load(c.side, i));
      // also where a NaN elsewhere made all slopes NaN
      FloatVector r = load(c.gradient, i).sub(load(c.anchor, i)).mul(p);
      r.blend(lanes(0.0f), isFirst).intoArray(c.gradient, i);
    }
  }

  static void crossEntropySlope(LossChunk c) {
    FloatVector kept = FloatVector.broadcast(SPECIES, c.options.kept);
    FloatVector spread = FloatVector.broadcast(SPECIES, c.options.spread);
    FloatVector factor = FloatVector.broadcast(SPECIES, c.crossEntropyFactor);
    FloatVector k = FloatVector.broadcast(SPECIES, -c.kCrossEntropy);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector share = share(load(c.t, i), kept, spread, factor);
      k.fma(share, load(c.gradient, i)).intoArray(c.gradient, i);
    }
  }

  static void crossEntropySlopeOfProbability(LossChunk c) {
    FloatVector kept = FloatVector.broadcast(SPECIES, c.options.kept);
    FloatVector spread = FloatVector.broadcast(SPECIES, c.options.spread);
    FloatVector factor = FloatVector.broadcast(SPECIES, c.crossEntropyFactor);
    FloatVector k = FloatVector.broadcast(SPECIES, -c.kCrossEntropy);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector share = share(load(c.t, i), kept, spread, factor);
      k.mul(share).div(load(c.e, i)).add(load(c.gradient, i)).intoArray(c.gradient, i);
    }
  }

  /** Needs ln p, 1 - p and (1 - p)^gamma. */
  static void softmaxFocalSlope(LossChunk c) {
    boolean probabilities = c.options.probabilities;
    FloatVector gamma = FloatVector.broadcast(SPECIES, c.options.softmaxGamma);
    FloatVector k = FloatVector.broadcast(SPECIES, -c.kSoftmaxFocal * c.softmaxFocalFactor);
    for (int i = 0; i < c.padded; i += LANES) {
      FloatVector t = load(c.t, i);
      FloatVector q = load(c.hit, i);
      FloatVector p = probabilities ? load(c.p, i) : Sides.probability(load(c.side, i));
      // -p ln p / (1 - p) is 1 where 1 - p vanishes, 0 where p does
      FloatVector odds =
          p.neg()
              .mul(load(c.loss, i))
              .div(q)
              .blend(lanes(1.0f), q.compare(VectorOperators.EQ, lanes(0.0f)))
              .blend(lanes(0.0f), p.compare(VectorOperators.EQ, lanes(0.0f)));
      FloatVector growth = gamma.fma(odds, lanes(1.0f));
      FloatVector r = k.mul(t).mul(load(c.weight, i)).mul(growth);
      r = probabilities ? r.div(load(c.e, i)) : r;
      FloatVector before = load(c.gradient, i);
      before
          .add(r)
          .blend(before, t.compare(VectorOperators.EQ, lanes(0.0f)))
          .intoArray(c.gradient, i);
    }
  }

  /** Keeps the slope of this class. */
  static void keepSlope(LossChunk c) {
    System.arraycopy(c.gradient, 0, c.classSlope, 0, c.padded);
  }

  /** Keeps the slope of the likeliest class, and adds those of the others to their sum. */
  static void addSlope(LossChunk c) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    for (int i = 0; i < c.padded; i += LANES) {
      VectorMask<Float> isFirst = load(c.first, i).compare(VectorOperators.EQ, own);
      FloatVector r = load(c.gradient, i);
      load(c.firstSlope, i).blend(r, isFirst).intoArray(c.firstSlope, i);
      FloatVector sum = load(c.slopeSum, i);
      sum.add(r).blend(sum, isFirst).intoArray(c.slopeSum, i);
    }
  }

  /** The gradient with respect to logits. */
  static void gradient(LossChunk c) {
    float[] slope = c.classSlope;
    float[] sum = c.slopeSum;
    float[] side = c.side;
    float[] gradient = c.gradient;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) c.c);
    int n = c.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isFirst = load(c.first, i).compare(VectorOperators.EQ, own);
      FloatVector r = load(slope, i);
      FloatVector v = load(side, i);
      VectorMask<Float> positive = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, positive);
      FloatVector q = small.blend(large, positive);
      FloatVector others = load(sum, i);
      FloatVector rest = others.sub(r).add(load(c.firstSlope, i)).blend(others, isFirst);
      r.fma(q, rest.mul(p).neg()).intoArray(gradient, i);
    }
  }

  /** The gradient with respect to probabilities. */
  static void gradientOfProbability(LossChunk c) {
    System.arraycopy(c.classSlope, 0, c.gradient, 0, c.padded);
  }

  private static FloatVector load(float[] values, int i) {
    return FloatVector.fromArray(SPECIES, values, i);
  }
}
