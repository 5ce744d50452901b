package dev.quern.bench.unfused;

import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossTerm;

/** The cross-entropy -w ((1 - s) t + s / C) ln p of every class, s the smoothing. */
final class CrossEntropy {

  private CrossEntropy() {}

  /** Computes the loss and leaves its gradient times a weight. */
  static double add(LossTerm.CrossEntropy term, double weight, Batch batch) {
    int classes = batch.extent().classes();
    double divisor = term.mean() ? divisor(term, batch) : 1;
    if (divisor == 0) {
      return 0;
    }
    double sum = 0;
    for (Segment segment : batch.segments()) {
      double factor = ClassWeights.factor(term, segment.channel());
      Tensor share = segment.target();
      if (term.smoothing() != 0) {
        share =
            share
                .scale((float) (1 - term.smoothing()))
                .add(segment.one().scale((float) (term.smoothing() / classes)));
      }
      sum -= factor * segment.sum(share.multiply(segment.logProbability()));
      segment.addByLogProbability(share.scale((float) (-weight * factor / divisor)));
    }
    return sum / divisor;
  }

  /** The weights of the labels; for shares of classes the number of pixels. */
  private static double divisor(LossTerm.CrossEntropy term, Batch batch) {
    if (batch.spec().layout() == Layout.ONE_HOT) {
      return batch.extent().labels();
    }
    double divisor = 0;
    for (Segment segment : batch.segments()) {
      divisor += ClassWeights.factor(term, segment.channel()) * segment.sum(segment.target());
    }
    return divisor;
  }
}
