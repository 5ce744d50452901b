package dev.quern.bench.unfused;

import dev.quern.Tensor;
import dev.quern.spi.loss.LossTerm;

/** The focal loss -a t (1 - p)^gamma ln p of classes that exclude one another. */
final class SoftmaxFocal {

  private SoftmaxFocal() {}

  /** Computes the loss and leaves its gradient times a weight. */
  static double add(LossTerm.SoftmaxFocal term, double weight, Batch batch) {
    double valid = 0;
    for (Segment segment : batch.segments()) {
      valid += segment.valid();
    }
    double divisor = term.mean() ? valid : 1;
    if (divisor == 0) {
      return 0;
    }
    double sum = 0;
    for (Segment segment : batch.segments()) {
      double factor = ClassWeights.factor(term, segment.channel());
      Tensor p = segment.probability();
      Tensor log = segment.logProbability();
      Tensor t = segment.target();
      Tensor rest = segment.complement(p);
      Tensor f = Power.of(rest, term.gamma());
      sum -= factor * segment.sum(t.multiply(f.multiply(log)));
      // the derivative with respect to ln p
      Tensor growth = f.multiply(p).divide(rest).multiply(log).scale((float) term.gamma());
      segment.addByLogProbability(
          t.multiply(f.subtract(growth)).scale((float) (-weight * factor / divisor)));
    }
    return sum / divisor;
  }
}
