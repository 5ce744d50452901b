package dev.quern.bench;

import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossTerm;

/**
 * The fused losses as their definitions say, in double and without any of the kernels'
 * rearrangements: what finite differences are taken of.
 */
final class LossFormula {

  private LossFormula() {}

  /** The loss of logits and a target of equal length. */
  static double value(FusedLossSpec spec, double[] logits, double[] target) {
    double truePositives = 0;
    double predicted = 0;
    double actual = 0;
    double crossEntropy = 0;
    Integer ignoreIndex = spec.ignoreIndex();
    for (int i = 0; i < logits.length; i++) {
      double t = target[i];
      if (ignoreIndex != null && t == ignoreIndex) {
        continue;
      }
      double p = 1 / (1 + Math.exp(-logits[i]));
      crossEntropy -= t * Math.log(p) + (1 - t) * Math.log1p(-p);
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
    double value = 0;
    for (WeightedTerm weighted : spec.terms()) {
      value +=
          weighted.weight()
              * switch (weighted.term()) {
                case LossTerm.Bce bce -> bce.mean() ? crossEntropy / logits.length : crossEntropy;
                case LossTerm.Overlap overlap -> overlap(overlap, truePositives, predicted, actual);
              };
    }
    return value;
  }

  private static double overlap(
      LossTerm.Overlap term, double truePositives, double predicted, double actual) {
    if (actual == 0) {
      return term.gamma() == 0 ? 1 : 0;
    }
    double falsePositives = predicted - truePositives;
    double falseNegatives = actual - truePositives;
    double divisor =
        truePositives
            + term.alpha() * falsePositives
            + term.beta() * falseNegatives
            + term.smooth();
    double score = (truePositives + term.smooth()) / Math.max(divisor, term.eps());
    double loss = term.logLoss() ? -Math.log(Math.max(score, term.eps())) : 1 - score;
    return Math.pow(loss, term.gamma());
  }

  /**
   * The gradient by central differences; its own error is below 1e-9 for logits of moderate size.
   */
  static double[] gradient(FusedLossSpec spec, double[] logits, double[] target) {
    double step = 1e-5;
    double[] moved = logits.clone();
    double[] gradient = new double[logits.length];
    for (int i = 0; i < logits.length; i++) {
      moved[i] = logits[i] + step;
      double above = value(spec, moved, target);
      moved[i] = logits[i] - step;
      double below = value(spec, moved, target);
      moved[i] = logits[i];
      gradient[i] = (above - below) / (2 * step);
    }
    return gradient;
  }
}
