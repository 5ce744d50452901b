package dev.quern.bench.unfused;

import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossTerm;
import java.util.ArrayList;
import java.util.List;

/** Dice, Jaccard and Tversky losses: scores of whole classes. */
final class Overlap {
  private final LossTerm.Overlap term;
  private final TruePositiveForm form;
  private final int channel;
  private final List<Segment> segments;
  private double truePositives;
  private double predicted;
  private double actual;

  private Overlap(
      LossTerm.Overlap term, TruePositiveForm form, int channel, List<Segment> segments) {
    this.channel = channel;
    this.term = term;
    this.form = form;
    this.segments = segments;
    boolean squared = form == TruePositiveForm.SQUARED;
    for (Segment segment : segments) {
      Tensor p = segment.probability();
      Tensor t = segment.target();
      truePositives += segment.sum(form == TruePositiveForm.MIN ? p.minimum(t) : p.multiply(t));
      predicted += segment.sum(squared ? p.multiply(p) : p);
      actual += segment.sum(squared ? t.multiply(t) : t);
    }
  }

  /** Computes the loss and leaves its gradient times a weight. */
  static double add(LossTerm.Overlap term, double weight, Batch batch) {
    var scores = new ArrayList<Overlap>();
    for (int c = 0; c < batch.extent().classes(); c++) {
      List<Segment> ofClass = batch.segments(c);
      TruePositiveForm form = batch.spec().truePositiveForm();
      if (batch.spec().perImage()) {
        ofClass.forEach(
            segment -> scores.add(new Overlap(term, form, segment.channel(), List.of(segment))));
      } else {
        scores.add(new Overlap(term, form, c, ofClass));
      }
    }
    double images = batch.spec().perImage() ? batch.extent().images() : 1;
    double mean = 0;
    for (Overlap score : scores) {
      mean += score.share(batch) * score.loss() / images;
    }
    double outer =
        term.gamma() == 1 ? weight : weight * term.gamma() * Math.pow(mean, term.gamma() - 1);
    for (Overlap score : scores) {
      score.addGradient(outer * score.share(batch) / images);
    }
    return Math.pow(mean, term.gamma());
  }

  private double share(Batch batch) {
    return ClassWeights.share(term, channel, batch.extent().classes());
  }

  private double divisor() {
    return truePositives
        + term.alpha() * (predicted - truePositives)
        + term.beta() * (actual - truePositives)
        + term.smoothDenominator();
  }

  private double score() {
    return (truePositives + term.smoothNumerator()) / Math.max(divisor(), term.eps());
  }

  private boolean absent() {
    return term.absentIsZero() && actual == 0;
  }

  private double loss() {
    if (absent()) {
      return 0;
    }
    return term.logLoss() ? -Math.log(Math.max(score(), term.eps())) : 1 - score();
  }

  private void addGradient(double outer) {
    boolean flat = term.logLoss() && score() < term.eps();
    if (absent() || flat || outer == 0) {
      return;
    }
    boolean clamped = divisor() < term.eps();
    double slope = -outer / (term.logLoss() ? score() : 1) / Math.max(divisor(), term.eps());
    double rest = 1 - term.alpha() - term.beta();
    double byTruePositives = slope * (clamped ? 1 : 1 - score() * rest);
    double byPredicted = clamped ? 0 : -slope * score() * term.alpha();
    for (Segment segment : segments) {
      Tensor p = segment.probability();
      Tensor hits = form == TruePositiveForm.MIN ? stepOf(segment) : segment.target();
      Tensor mass = form == TruePositiveForm.SQUARED ? p.scale(2) : segment.one();
      segment.addByProbability(
          hits.scale((float) byTruePositives).add(mass.scale((float) byPredicted)));
    }
  }

  /** How min(p, t) grows with p: 1 below t, 0 above, one half at t. */
  private static Tensor stepOf(Segment segment) {
    Tensor above = segment.probability().subtract(segment.target()).sign();
    return segment.one().subtract(above).scale(0.5f);
  }
}
