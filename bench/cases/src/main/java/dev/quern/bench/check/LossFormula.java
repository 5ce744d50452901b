package dev.quern.bench.check;

import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossTerm;
import org.jspecify.annotations.Nullable;

/**
 * The fused losses as their definitions say, in double and without any of the kernels'
 * rearrangements: what finite differences are taken of. For logits of moderate size and
 * probabilities away from 0 and 1.
 */
final class LossFormula {
  private final FusedLossSpec spec;
  private final LossExtent extent;
  private final double[] input;
  private final double @Nullable [] weight;
  private final int elements;
  private final int classes;
  private final int pixels;

  /** The target of every element. */
  private final double[] share;

  private final boolean[] valid;
  private final double[] probability;

  private LossFormula(
      FusedLossSpec spec,
      LossExtent extent,
      double[] input,
      double[] target,
      double @Nullable [] weight) {
    this.spec = spec;
    this.extent = extent;
    this.input = input;
    this.weight = weight;
    this.elements = input.length;
    this.classes = extent.classes();
    this.pixels = (int) extent.pixels();
    this.share = new double[elements];
    this.valid = new boolean[elements];
    this.probability = new double[elements];
    Integer ignoreIndex = spec.ignoreIndex();
    for (int i = 0; i < elements; i++) {
      double t = spec.layout() == Layout.LABELS ? target[pixel(i)] : target[i];
      valid[i] = ignoreIndex == null || t != ignoreIndex;
      share[i] = spec.layout() == Layout.LABELS ? (t == channel(i) ? 1 : 0) : t;
      probability[i] = probability(i);
    }
  }

  /** The loss of a batch. */
  static double value(
      FusedLossSpec spec,
      LossExtent extent,
      double[] input,
      double[] target,
      double @Nullable [] weight) {
    LossFormula formula = new LossFormula(spec, extent, input, target, weight);
    double value = 0;
    for (WeightedTerm weighted : spec.terms()) {
      value += weighted.weight() * formula.term(weighted.term());
    }
    return value;
  }

  /**
   * The gradient by central differences; its own error is below 1e-9 for logits of moderate size.
   */
  static double[] gradient(
      FusedLossSpec spec,
      LossExtent extent,
      double[] input,
      double[] target,
      double @Nullable [] weight) {
    double step = 1e-5;
    double[] moved = input.clone();
    double[] gradient = new double[input.length];
    for (int i = 0; i < input.length; i++) {
      moved[i] = input[i] + step;
      double above = value(spec, extent, moved, target, weight);
      moved[i] = input[i] - step;
      double below = value(spec, extent, moved, target, weight);
      moved[i] = input[i];
      gradient[i] = (above - below) / (2 * step);
    }
    return gradient;
  }

  private int channel(int i) {
    return i / pixels % classes;
  }

  private int image(int i) {
    return i / pixels / classes;
  }

  private int pixel(int i) {
    return image(i) * pixels + i % pixels;
  }

  /** The element of a pixel's class. */
  private int element(int pixel, int c) {
    return (pixel / pixels * classes + c) * pixels + pixel % pixels;
  }

  private double probability(int i) {
    if (spec.input() == LossInput.PROBABILITIES) {
      return input[i];
    }
    if (spec.layout() == Layout.ELEMENTS) {
      return 1 / (1 + Math.exp(-input[i]));
    }
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      sum += Math.exp(input[element(pixel(i), c)]);
    }
    return Math.exp(input[i]) / sum;
  }

  private double term(LossTerm term) {
    return switch (term) {
      case LossTerm.Overlap overlap -> overlap(overlap);
      case LossTerm.Bce bce -> bce(bce);
      case LossTerm.Focal focal -> focal(focal);
      case LossTerm.CrossEntropy cross -> crossEntropy(cross);
      case LossTerm.SoftmaxFocal focal -> softmaxFocal(focal);
    };
  }

  private double overlap(LossTerm.Overlap term) {
    int images = spec.perImage() ? (int) extent.images() : 1;
    double loss = 0;
    for (int image = 0; image < images; image++) {
      for (int c = 0; c < classes; c++) {
        double truePositives = 0;
        double predicted = 0;
        double actual = 0;
        for (int i = 0; i < elements; i++) {
          if (!valid[i] || channel(i) != c || (spec.perImage() && image(i) != image)) {
            continue;
          }
          double p = probability[i];
          double t = share[i];
          switch (spec.truePositiveForm()) {
            case MIN -> {
              truePositives += Math.min(p, t);
              predicted += p;
              actual += t;
            }
            case PRODUCT -> {
              truePositives += p * t;
              predicted += p;
              actual += t;
            }
            case SQUARED -> {
              truePositives += p * t;
              predicted += p * p;
              actual += t * t;
            }
          }
        }
        loss += classShare(term, c) * overlap(term, truePositives, predicted, actual) / images;
      }
    }
    return Math.pow(loss, term.gamma());
  }

  private double classShare(LossTerm term, int c) {
    return term.perClass().isEmpty() ? 1.0 / classes : term.perClass().get(c);
  }

  private static double factor(LossTerm term, int c) {
    return term.perClass().isEmpty() ? 1 : term.perClass().get(c);
  }

  private static double overlap(
      LossTerm.Overlap term, double truePositives, double predicted, double actual) {
    if (actual == 0 && term.absentIsZero()) {
      return 0;
    }
    double falsePositives = predicted - truePositives;
    double falseNegatives = actual - truePositives;
    double divisor =
        truePositives
            + term.alpha() * falsePositives
            + term.beta() * falseNegatives
            + term.smoothDenominator();
    double score = (truePositives + term.smoothNumerator()) / Math.max(divisor, term.eps());
    return term.logLoss() ? -Math.log(Math.max(score, term.eps())) : 1 - score;
  }

  private double bce(LossTerm.Bce term) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < elements; i++) {
      count += valid[i] || !term.ofValid() ? 1 : 0;
      double t = (1 - share[i]) * term.smoothing() + share[i] * (1 - term.smoothing());
      double p = probability[i];
      double loss = -factor(term, channel(i)) * t * Math.log(p) - (1 - t) * Math.log1p(-p);
      sum += valid[i] ? (weight == null ? 1 : weight[i]) * loss : 0;
    }
    return term.mean() ? sum / count : sum;
  }

  private double focal(LossTerm.Focal term) {
    double value = 0;
    for (int c = 0; c < classes; c++) {
      double sum = 0;
      double norm = 0;
      int count = 0;
      for (int i = 0; i < elements; i++) {
        if (!valid[i] || channel(i) != c) {
          continue;
        }
        double t = share[i];
        double p =
            spec.input() == LossInput.PROBABILITIES ? input[i] : 1 / (1 + Math.exp(-input[i]));
        double cross = -t * Math.log(p) - (1 - t) * Math.log1p(-p);
        double q = term.linear() ? p * t + (1 - p) * (1 - t) : Math.exp(-cross);
        double threshold = term.reducedThreshold();
        double f = threshold == 0 ? 1 - q : q < threshold ? 1 : (1 - q) / threshold;
        f = Math.pow(f, term.gamma());
        sum += (term.positive() * t + term.negative() * (1 - t)) * f * cross;
        norm += f;
        count++;
      }
      sum /= term.normalized() ? Math.max(norm, 1e-6) : 1;
      value += classShare(term, c) * (term.mean() ? sum / count : sum);
    }
    return value;
  }

  private double crossEntropy(LossTerm.CrossEntropy term) {
    double sum = 0;
    double divisor = 0;
    for (int i = 0; i < elements; i++) {
      if (valid[i]) {
        double w = factor(term, channel(i));
        double kept = share[i] * (1 - term.smoothing()) + term.smoothing() / classes;
        sum -= w * kept * Math.log(probability[i]);
        divisor += spec.layout() == Layout.LABELS ? w * share[i] : 1.0 / classes;
      }
    }
    return term.mean() ? sum / divisor : sum;
  }

  private double softmaxFocal(LossTerm.SoftmaxFocal term) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < elements; i++) {
      if (valid[i]) {
        double p = probability[i];
        double f = Math.pow(1 - p, term.gamma());
        sum -= factor(term, channel(i)) * share[i] * f * Math.log(p);
        count++;
      }
    }
    return term.mean() ? sum / count : sum;
  }
}
