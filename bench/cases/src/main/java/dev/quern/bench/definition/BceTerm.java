package dev.quern.bench.definition;

import static dev.quern.bench.definition.Pixel.times;

/**
 * Binary cross-entropy -(v t' ln p + (1 - t') ln(1 - p)) with the smoothed target t', times the
 * element's weight. From probabilities with logarithms of at least -100 and, in the gradient, p (1
 * - p) of at least 1e-12.
 */
final class BceTerm implements Term {
  private final LossOptions.Bce options;
  private final boolean logits;
  private final double divisor;
  private double sum;

  BceTerm(LossOptions.Bce options, Batch batch) {
    this.options = options;
    this.logits = !batch.probabilities();
    this.divisor = options.mean() ? batch.x().length : 1;
  }

  private double on(Pixel pixel) {
    double s = options.smoothing();
    double positive = options.positive().isEmpty() ? 1 : options.positive().get(pixel.firstClass);
    return positive * (pixel.t[0] * (1 - s) + (1 - pixel.t[0]) * s);
  }

  private double off(Pixel pixel) {
    double s = options.smoothing();
    return (1 - pixel.t[0]) * (1 - s) + pixel.t[0] * s;
  }

  @Override
  public void add(Pixel pixel, Sides sides) {
    double lnP = logits ? pixel.lnP[0] : Math.max(pixel.lnP[0], -100);
    double lnQ = logits ? pixel.lnQ[0] : Math.max(pixel.lnQ[0], -100);
    double loss = -times(on(pixel), lnP) - times(off(pixel), lnQ);
    double own = times(pixel.weight, LossDefinition.inFloat(loss));
    sum += LossDefinition.inFloat(own);
  }

  @Override
  public void finish(Sides sides) {}

  @Override
  public double value() {
    return divisor == 0 ? 0 : sum / divisor;
  }

  @Override
  public double absolute() {
    return value();
  }

  @Override
  public void addGradient(Pixel pixel, Sides sides, Slopes slopes) {
    double p = pixel.p[0];
    double q = pixel.q[0];
    double factor = pixel.weight / divisor / (logits ? 1 : Math.max(p * q, 1e-12));
    slopes.addDifference(0, factor, off(pixel) * p, on(pixel) * q);
  }
}
