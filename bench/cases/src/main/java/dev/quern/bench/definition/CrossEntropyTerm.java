package dev.quern.bench.definition;

import static dev.quern.bench.definition.Pixel.times;

/**
 * Cross-entropy: the sum over the classes of -r_c ln p_c, r_c = w_c ((1 - s) t_c + s / C), divided
 * by the sum of the labels' weights, or the number of pixels for shares. Probabilities count at
 * least 1e-7, also in the gradient's divisor.
 */
final class CrossEntropyTerm implements Term {
  private static final double LEAST = 1e-7;

  private final LossOptions.CrossEntropy options;
  private final boolean logits;
  private final boolean labels;
  private final int classes;
  private double sum;
  private double size;
  private double weights;
  private double divisor;

  CrossEntropyTerm(LossOptions.CrossEntropy options, Batch batch) {
    this.options = options;
    this.logits = !batch.probabilities();
    this.labels = batch.layout() == Batch.Layout.LABELS;
    this.classes = batch.classes();
  }

  private double weight(int c) {
    return options.weights().isEmpty() ? 1 : options.weights().get(c);
  }

  private double share(Pixel pixel, int c) {
    double s = options.smoothing();
    return weight(c) * ((1 - s) * pixel.t[c] + s / classes);
  }

  @Override
  public void add(Pixel pixel, Sides sides) {
    double loss = 0;
    double power = 0;
    for (int c = 0; c < classes; c++) {
      double lnP = logits ? pixel.lnP[c] : Math.log(Math.max(pixel.p[c], LEAST));
      double own = share(pixel, c);
      // a class without a share has no part, whatever it holds
      // the loss of a sure pixel is e to a power, whose size counts like that of a term
      double exponent = logits ? Math.abs(pixel.lnQ[c]) : 0;
      power = own == 0 || Double.isInfinite(exponent) ? power : Math.max(power, exponent);
      loss -= own == 0 ? 0 : times(own, lnP);
      weights += labels ? pixel.t[c] * weight(c) : 0;
    }
    weights += labels ? 0 : 1;
    sum += LossDefinition.inFloat(loss);
    size += Math.abs(loss) * (1 + power);
  }

  @Override
  public void finish(Sides sides) {
    divisor = options.mean() ? weights : 1;
  }

  @Override
  public double value() {
    return divisor == 0 ? 0 : sum / divisor;
  }

  @Override
  public double absolute() {
    return divisor == 0 ? 0 : size / divisor;
  }

  @Override
  public void addGradient(Pixel pixel, Sides sides, Slopes slopes) {
    if (divisor == 0) {
      return;
    }
    double all = 0;
    for (int c = 0; c < classes; c++) {
      all += share(pixel, c);
    }
    for (int c = 0; c < classes; c++) {
      double own = share(pixel, c);
      if (logits) {
        double others = 0;
        for (int j = 0; j < classes; j++) {
          others += j == c ? 0 : share(pixel, j);
        }
        slopes.addDifference(c, 1 / divisor, pixel.p[c] * others, own * pixel.q[c]);
        slopes.steep(all / divisor);
      } else {
        slopes.g[c] -= own == 0 ? 0 : own / Math.max(pixel.p[c], LEAST) / divisor;
      }
    }
  }
}
