package dev.quern.bench.unfused;

import dev.quern.Tensor;
import dev.quern.spi.loss.LossTerm;

/** The binary cross-entropy -(w t ln p + (1 - t) ln(1 - p)), w the factor of the positive part. */
final class BinaryCrossEntropy {

  private BinaryCrossEntropy() {}

  /** Computes the loss and leaves its gradient times a weight. */
  static double add(LossTerm.Bce term, double weight, Batch batch) {
    double count =
        term.ofValid()
            ? batch.segments().stream().mapToDouble(Segment::valid).sum()
            : batch.extent().elements();
    double divisor = term.mean() ? count : 1;
    double sum = 0;
    for (Segment segment : batch.segments()) {
      float positive = (float) ClassWeights.factor(term, segment.channel());
      Tensor t = segment.target();
      if (term.smoothing() != 0) {
        float smoothing = (float) term.smoothing();
        t = t.scale(1 - smoothing).add(segment.complement(t).scale(smoothing));
      }
      Tensor hits = positive == 1 ? t : t.scale(positive);
      Tensor misses = segment.complement(t);
      Tensor p = segment.probability();
      Tensor q = segment.complement(p);
      Tensor loss;
      Tensor slope;
      if (batch.fromLogits()) {
        Tensor x = segment.input();
        loss = hits.multiply(x.scale(-1).softplus()).add(misses.multiply(x.softplus()));
        slope = misses.multiply(p).subtract(hits.multiply(q));
      } else {
        loss = hits.multiply(p.log()).add(misses.multiply(q.log())).scale(-1);
        slope = misses.divide(q).subtract(hits.divide(p));
      }
      sum += segment.sum(segment.weighted(loss));
      segment.addByInput(segment.weighted(slope).scale((float) (weight / divisor)));
    }
    return divisor == 0 ? 0 : sum / divisor;
  }
}
