package dev.quern.bench.unfused;

import dev.quern.Tensor;
import dev.quern.spi.loss.LossTerm;
import java.util.ArrayList;
import java.util.List;

/** The focal loss a f l of every class against the rest, with f = (1 - q)^gamma. */
final class Focal {
  private final Segment segment;
  private final Tensor focus;
  private final Tensor focusSlope;
  private final Tensor loss;
  private final Tensor lossSlope;

  /** The weight f of every element and the loss a f l, each with its slope. */
  private Focal(LossTerm.Focal term, Segment segment, boolean fromLogits) {
    this.segment = segment;
    Tensor x = segment.input();
    Tensor t = segment.target();
    Tensor p = fromLogits ? x.sigmoid() : x;
    Tensor q = segment.complement(p);
    Tensor miss = segment.complement(t);
    Tensor cross;
    Tensor crossSlope;
    if (fromLogits) {
      cross = x.softplus().subtract(x.multiply(t));
      crossSlope = p.subtract(t);
    } else {
      cross = t.multiply(p.log()).add(miss.multiply(q.log())).scale(-1);
      crossSlope = p.subtract(t).divide(p.multiply(q));
    }
    Tensor hit;
    Tensor hitSlope;
    if (term.linear()) {
      hit = p.multiply(t).add(q.multiply(miss));
      Tensor towards = t.subtract(miss);
      hitSlope = fromLogits ? towards.multiply(p.multiply(q)) : towards;
    } else {
      hit = cross.scale(-1).exp();
      hitSlope = hit.multiply(crossSlope).scale(-1);
    }
    Tensor rest = segment.complement(hit);
    Tensor f = Power.of(rest, term.gamma());
    Tensor fSlope = f.multiply(hitSlope).divide(rest).scale((float) -term.gamma());
    if (term.reducedThreshold() != 0) {
      // below the threshold the weight is 1, above it is relative to the threshold
      float threshold = (float) term.reducedThreshold();
      Tensor limit = segment.one().scale(threshold);
      Tensor reduced = limit.subtract(hit.minimum(limit)).notEqual(0);
      Tensor kept = segment.complement(reduced);
      float unit = (float) Math.pow(term.reducedThreshold(), -term.gamma());
      f = f.scale(unit).where(kept).add(reduced);
      fSlope = fSlope.scale(unit).where(kept);
    }
    this.focus = f;
    this.focusSlope = fSlope;
    Tensor balance = t.scale((float) term.positive()).add(miss.scale((float) term.negative()));
    this.loss = balance.multiply(f.multiply(cross));
    this.lossSlope = balance.multiply(f.multiply(crossSlope).add(fSlope.multiply(cross)));
  }

  /** Computes the loss and leaves its gradient times a weight. */
  static double add(LossTerm.Focal term, double weight, Batch batch) {
    int classes = batch.extent().classes();
    double value = 0;
    for (int c = 0; c < classes; c++) {
      double sum = 0;
      double norm = 0;
      double valid = 0;
      List<Focal> parts = new ArrayList<>();
      for (Segment segment : batch.segments(c)) {
        var part = new Focal(term, segment, batch.fromLogits());
        sum += segment.sum(part.loss);
        norm += term.normalized() ? segment.sum(part.focus) : 0;
        valid += segment.valid();
        parts.add(part);
      }
      double divisor = (term.normalized() ? Math.max(norm, 1e-6) : 1) * (term.mean() ? valid : 1);
      if (divisor == 0) {
        continue;
      }
      double share = ClassWeights.share(term, c, classes);
      value += share * sum / divisor;
      double byLoss = weight * share / divisor;
      double byFocus = term.normalized() && norm >= 1e-6 ? -byLoss * sum / norm : 0;
      for (Focal part : parts) {
        Tensor slope = part.lossSlope.scale((float) byLoss);
        part.segment.addByInput(
            byFocus == 0 ? slope : slope.add(part.focusSlope.scale((float) byFocus)));
      }
    }
    return value;
  }
}
