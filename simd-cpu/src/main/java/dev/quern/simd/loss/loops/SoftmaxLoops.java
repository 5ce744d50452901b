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
 * The losses of classes that exclude one another: the vector twin of the functions per pixel in
 * {@code formulas/loss_class.inc}. Every loop goes over the pixels of one class; what belongs to
 * the pixel (largest logit, norm, sum of slopes) is carried from class to class in arrays. Each
 * exponential is computed once a pass; {@code side} holds p, or -q of a class whose p is above 1/2,
 * so that neither cancels.
 */
final class SoftmaxLoops {
  private SoftmaxLoops() {}

  /** Starts the sums over the classes of a block's pixels. */
  static void start(LossBlock b) {
    Arrays.fill(b.softmax.crossEntropy, 0, b.padded, 0);
    Arrays.fill(b.softmax.softmaxFocal, 0, b.padded, 0);
    Arrays.fill(b.softmax.slopeSum, 0, b.padded, 0);
    Arrays.fill(b.softmax.firstSlope, 0, b.padded, 0);
  }

  /** The largest logit and its class, the lowest of equal ones. */
  static void largest(LossBlock b) {
    if (b.selected.index == 0) {
      System.arraycopy(b.x, 0, b.softmax.largest, 0, b.padded);
      Arrays.fill(b.softmax.first, 0, b.padded, 0);
      Arrays.fill(b.softmax.rest, 0, b.padded, 0);
      return;
    }
    float[] x = b.x;
    float[] largest = b.softmax.largest;
    float[] first = b.softmax.first;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector xi = load(x, i);
      FloatVector most = load(largest, i);
      VectorMask<Float> above = xi.compare(VectorOperators.GT, most);
      most.blend(xi, above).intoArray(largest, i);
      load(first, i).blend(own, above).intoArray(first, i);
    }
  }

  /** The likeliest class, the lowest of equal ones, from the sides that pass 1 kept. */
  static void likeliest(LossBlock b) {
    if (b.selected.index == 0) {
      Arrays.fill(b.softmax.mostP, 0, b.padded, 0);
      Arrays.fill(b.softmax.first, 0, b.padded, 0);
    }
    float[] side = b.side;
    float[] mostP = b.softmax.mostP;
    float[] first = b.softmax.first;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector p = Sides.probability(load(side, i));
      FloatVector most = load(mostP, i);
      VectorMask<Float> above = p.compare(VectorOperators.GT, most);
      most.blend(p, above).intoArray(mostP, i);
      load(first, i).blend(own, above).intoArray(first, i);
    }
  }

  /** e^(x - largest), and its sum over the classes but the largest. */
  static void exponentials(LossBlock b) {
    float[] x = b.x;
    float[] largest = b.softmax.largest;
    float[] first = b.softmax.first;
    float[] rest = b.softmax.rest;
    float[] e = b.side;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isFirst = load(first, i).compare(VectorOperators.EQ, own);
      FloatVector d = load(x, i).sub(load(largest, i)).blend(lanes(0.0f), isFirst);
      FloatVector ei = VectorMath.expNonPositive(d);
      ei.intoArray(e, i);
      load(rest, i).add(ei.blend(lanes(0.0f), isFirst)).intoArray(rest, i);
    }
  }

  /** 1 / (1 + rest); 0 for pixels that do not count. Rest is NaN where the largest logit is. */
  static void inverse(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector largest = load(b.softmax.largest, i);
      FloatVector rest = load(b.softmax.rest, i);
      // a NaN is in no difference where it is alone
      rest = rest.blend(largest, largest.compare(VectorOperators.NE, largest));
      rest.intoArray(b.softmax.rest, i);
      load(b.keep, i).div(rest.add(lanes(1.0f))).intoArray(b.softmax.inverse, i);
    }
  }

  /** ln(1 + rest). */
  static void logNorm(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMath.log(load(b.softmax.rest, i).add(lanes(1.0f))).intoArray(b.softmax.logNorm, i);
    }
  }

  /** The same where rest is at most 1. */
  static void smallLogNorm(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector rest = load(b.softmax.rest, i);
      FloatVector small = VectorMath.log1pUnit(rest);
      load(b.softmax.logNorm, i)
          .blend(small, rest.compare(VectorOperators.LE, lanes(1.0f)))
          .intoArray(b.softmax.logNorm, i);
    }
  }

  /** p, or -q of a class whose p is above 1/2, in place of the exponentials. */
  static void side(LossBlock b) {
    float[] side = b.side;
    float[] first = b.softmax.first;
    float[] rest = b.softmax.rest;
    float[] inverse = b.softmax.inverse;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    int n = b.padded;
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
  static void logs(LossBlock b) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMask<Float> isFirst = load(b.softmax.first, i).compare(VectorOperators.EQ, own);
      FloatVector d = load(b.x, i).sub(load(b.softmax.largest, i)).blend(lanes(0.0f), isFirst);
      d.sub(load(b.softmax.logNorm, i)).intoArray(b.softmax.logP, i);
    }
  }

  /** ln max(p, 1e-7), and that maximum, from probabilities. */
  static void logsOfProbability(LossBlock b) {
    FloatVector least = FloatVector.broadcast(SPECIES, FusedLossSpec.LEAST_PROBABILITY);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector p = load(b.p, i);
      p = p.blend(least, p.compare(VectorOperators.LT, least));
      p.intoArray(b.softmax.boundedP, i);
      VectorMath.log(p).intoArray(b.softmax.logP, i);
    }
  }

  // ---- cross-entropy ----

  /** Adds this class's part to the pixels' cross-entropy; needs ln p. */
  static void crossEntropy(LossBlock b) {
    float[] t = b.t;
    float[] log = b.softmax.logP;
    float[] sum = b.softmax.crossEntropy;
    FloatVector kept = FloatVector.broadcast(SPECIES, b.options.kept);
    FloatVector spread = FloatVector.broadcast(SPECIES, b.options.scalars.crossEntropySpread());
    FloatVector factor = FloatVector.broadcast(SPECIES, b.selected.crossEntropyFactor);
    for (int i = 0; i < b.padded; i += LANES) {
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
  static void crossEntropySums(LossBlock b) {
    pixelSums(b.softmax.crossEntropy, b, LossSums.CROSS_ENTROPY);
    labelWeights(b);
  }

  private static void pixelSums(float[] values, LossBlock b, int which) {
    for (int first = 0; first < ROW; first += LANES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = first; i < b.padded; i += ROW) {
        VectorMask<Float> counts = load(b.keep, i).compare(VectorOperators.NE, lanes(0.0f));
        sum = sum.add(load(values, i), counts);
      }
      accumulate(sum, b.lanes, which * ROW + first);
    }
    b.addUp(which);
  }

  /** The weights of the pixels' labels; those of faulty ones are added when the piece ends. */
  private static void labelWeights(LossBlock b) {
    LossOptions options = b.options;
    double sum = 0;
    if (options.oneHot) {
      sum = b.n - b.dropped;
    } else if (!options.weighsClasses) {
      sum = b.n - b.dropped + b.faulty;
    } else {
      for (int i = 0; i < b.n; i++) {
        int label = (int) b.label[i];
        sum += label < 0 ? 0 : options.scalars.crossEntropy()[label];
      }
      sum += b.faulty;
    }
    b.add(0, LossSums.CROSS_ENTROPY_WEIGHT, sum);
  }

  // ---- focal loss through the softmax ----

  /** ln(1 - p) of logits. */
  static void logsOfRest(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector v = load(b.side, i);
      FloatVector small = v.abs();
      FloatVector q = small.blend(lanes(1.0f).sub(small), Sides.negative(v));
      q.intoArray(b.softmax.q, i);
      VectorMath.log(q).intoArray(b.softmax.logQ, i);
    }
  }

  /** ln(1 - p) of probabilities. */
  static void logsOfRestOfProbability(LossBlock b) {
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector q = lanes(1.0f).sub(load(b.p, i));
      q.intoArray(b.softmax.q, i);
      VectorMath.log(q).intoArray(b.softmax.logQ, i);
    }
  }

  /** (1 - p)^gamma. */
  static void weights(LossBlock b) {
    if (b.options.scalars.softmaxFocalGamma() == 0) {
      Arrays.fill(b.softmax.weight, 0, b.padded, 1);
      return;
    }
    FloatVector gamma = FloatVector.broadcast(SPECIES, b.options.scalars.softmaxFocalGamma());
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMath.exp(load(b.softmax.logQ, i).mul(gamma)).intoArray(b.softmax.weight, i);
    }
  }

  /** Adds this class's part to the pixels' focal loss; needs ln p and (1 - p)^gamma. */
  static void softmaxFocal(LossBlock b) {
    FloatVector factor = FloatVector.broadcast(SPECIES, b.selected.softmaxFocalFactor);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector t = load(b.t, i);
      FloatVector part = factor.mul(t).mul(load(b.softmax.weight, i)).mul(load(b.softmax.logP, i));
      FloatVector before = load(b.softmax.softmaxFocal, i);
      before
          .sub(part)
          .blend(before, t.compare(VectorOperators.EQ, lanes(0.0f)))
          .intoArray(b.softmax.softmaxFocal, i);
    }
  }

  static void softmaxFocalSums(LossBlock b) {
    pixelSums(b.softmax.softmaxFocal, b, LossSums.SOFTMAX_FOCAL);
  }

  // ---- slopes: the derivatives with respect to ln p (from probabilities, to p) ----

  // the slopes of overlap losses in p itself, before those by ln p are taken from them

  static void minSlope(LossBlock b) {
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector d = Sides.difference(load(b.side, i), load(b.t, i));
      LossMath.minSlope(d, hit, miss).intoArray(b.gradient, i);
    }
  }

  static void productSlope(LossBlock b) {
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    for (int i = 0; i < b.padded; i += LANES) {
      LossMath.productSlope(load(b.t, i), hit, miss).intoArray(b.gradient, i);
    }
  }

  static void squaredSlope(LossBlock b) {
    FloatVector hit = FloatVector.broadcast(SPECIES, b.selected.hit);
    FloatVector miss = FloatVector.broadcast(SPECIES, b.selected.miss);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector t = load(b.t, i);
      FloatVector d = Sides.difference(load(b.side, i), t);
      LossMath.squaredSlope(d, t, hit, miss).intoArray(b.gradient, i);
    }
  }

  /**
   * Keeps the slope of the likeliest class. As the probabilities' sum is 1, the gradient stays the
   * same if all slopes are measured from it; then no difference of large numbers is left.
   */
  static void anchor(LossBlock b) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMask<Float> isFirst = load(b.softmax.first, i).compare(VectorOperators.EQ, own);
      load(b.softmax.anchor, i).blend(load(b.gradient, i), isFirst).intoArray(b.softmax.anchor, i);
    }
  }

  /** The derivative with respect to ln p: 0 for the likeliest class. */
  static void fromAnchor(LossBlock b) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMask<Float> isFirst = load(b.softmax.first, i).compare(VectorOperators.EQ, own);
      FloatVector p = Sides.probability(load(b.side, i));
      // also where a NaN elsewhere made all slopes NaN
      FloatVector r = load(b.gradient, i).sub(load(b.softmax.anchor, i)).mul(p);
      r.blend(lanes(0.0f), isFirst).intoArray(b.gradient, i);
    }
  }

  static void crossEntropySlope(LossBlock b) {
    FloatVector kept = FloatVector.broadcast(SPECIES, b.options.kept);
    FloatVector spread = FloatVector.broadcast(SPECIES, b.options.scalars.crossEntropySpread());
    FloatVector factor = FloatVector.broadcast(SPECIES, b.selected.crossEntropyFactor);
    FloatVector k = FloatVector.broadcast(SPECIES, -b.selected.crossEntropy);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector share = share(load(b.t, i), kept, spread, factor);
      k.fma(share, load(b.gradient, i)).intoArray(b.gradient, i);
    }
  }

  static void crossEntropySlopeOfProbability(LossBlock b) {
    FloatVector kept = FloatVector.broadcast(SPECIES, b.options.kept);
    FloatVector spread = FloatVector.broadcast(SPECIES, b.options.scalars.crossEntropySpread());
    FloatVector factor = FloatVector.broadcast(SPECIES, b.selected.crossEntropyFactor);
    FloatVector k = FloatVector.broadcast(SPECIES, -b.selected.crossEntropy);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector share = share(load(b.t, i), kept, spread, factor);
      k.mul(share)
          .div(load(b.softmax.boundedP, i))
          .add(load(b.gradient, i))
          .intoArray(b.gradient, i);
    }
  }

  /** Needs ln p, 1 - p and (1 - p)^gamma. */
  static void softmaxFocalSlope(LossBlock b) {
    boolean probabilities = b.options.probabilities;
    FloatVector gamma = FloatVector.broadcast(SPECIES, b.options.scalars.softmaxFocalGamma());
    FloatVector k =
        FloatVector.broadcast(SPECIES, -b.selected.softmaxFocal * b.selected.softmaxFocalFactor);
    for (int i = 0; i < b.padded; i += LANES) {
      FloatVector t = load(b.t, i);
      FloatVector q = load(b.softmax.q, i);
      FloatVector p = probabilities ? load(b.p, i) : Sides.probability(load(b.side, i));
      // -p ln p / (1 - p) is 1 where 1 - p vanishes, 0 where p does
      FloatVector odds =
          p.neg()
              .mul(load(b.softmax.logP, i))
              .div(q)
              .blend(lanes(1.0f), q.compare(VectorOperators.EQ, lanes(0.0f)))
              .blend(lanes(0.0f), p.compare(VectorOperators.EQ, lanes(0.0f)));
      FloatVector growth = gamma.fma(odds, lanes(1.0f));
      FloatVector r = k.mul(t).mul(load(b.softmax.weight, i)).mul(growth);
      r = probabilities ? r.div(load(b.softmax.boundedP, i)) : r;
      FloatVector before = load(b.gradient, i);
      before
          .add(r)
          .blend(before, t.compare(VectorOperators.EQ, lanes(0.0f)))
          .intoArray(b.gradient, i);
    }
  }

  /** Keeps the slope of this class. */
  static void keepSlope(LossBlock b) {
    System.arraycopy(b.gradient, 0, b.softmax.classSlope, 0, b.padded);
  }

  /** Keeps the slope of the likeliest class, and adds those of the others to their sum. */
  static void addSlope(LossBlock b) {
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    for (int i = 0; i < b.padded; i += LANES) {
      VectorMask<Float> isFirst = load(b.softmax.first, i).compare(VectorOperators.EQ, own);
      FloatVector r = load(b.gradient, i);
      load(b.softmax.firstSlope, i).blend(r, isFirst).intoArray(b.softmax.firstSlope, i);
      FloatVector sum = load(b.softmax.slopeSum, i);
      sum.add(r).blend(sum, isFirst).intoArray(b.softmax.slopeSum, i);
    }
  }

  /** The gradient with respect to logits. */
  static void gradient(LossBlock b) {
    float[] slope = b.softmax.classSlope;
    float[] sum = b.softmax.slopeSum;
    float[] side = b.side;
    float[] gradient = b.gradient;
    FloatVector own = FloatVector.broadcast(SPECIES, (float) b.selected.index);
    int n = b.padded;
    for (int i = 0; i < n; i += LANES) {
      VectorMask<Float> isFirst = load(b.softmax.first, i).compare(VectorOperators.EQ, own);
      FloatVector r = load(slope, i);
      FloatVector v = load(side, i);
      VectorMask<Float> positive = Sides.negative(v);
      FloatVector small = v.abs();
      FloatVector large = lanes(1.0f).sub(small);
      FloatVector p = large.blend(small, positive);
      FloatVector q = small.blend(large, positive);
      FloatVector others = load(sum, i);
      FloatVector rest = others.sub(r).add(load(b.softmax.firstSlope, i)).blend(others, isFirst);
      r.fma(q, rest.mul(p).neg()).intoArray(gradient, i);
    }
  }

  /** The gradient with respect to probabilities. */
  static void gradientOfProbability(LossBlock b) {
    System.arraycopy(b.softmax.classSlope, 0, b.gradient, 0, b.padded);
  }
}
