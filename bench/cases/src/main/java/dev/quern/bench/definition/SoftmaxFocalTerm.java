package dev.quern.bench.definition;

import static dev.quern.bench.definition.Pixel.times;

/**
 * Focal loss through the softmax: the sum over the classes of -a_c t_c (1 - p_c)^gamma ln p_c,
 * divided by valid pixels times classes. Probabilities count at least 1e-7 in the logarithm, also
 * in the gradient's divisor.
 */
final class SoftmaxFocalTerm implements Term {
  private static final double LEAST = 1e-7;

  private final LossOptions.SoftmaxFocal options;
  private final boolean logits;
  private final int classes;
  private double sum;
  private double size;
  private double valid;
  private double divisor;

  SoftmaxFocalTerm(LossOptions.SoftmaxFocal options, Batch batch) {
    this.options = options;
    this.logits = !batch.probabilities();
    this.classes = batch.classes();
  }

  private double factor(int c) {
    return options.alpha() < 0 ? 1 : c == 0 ? 1 - options.alpha() : options.alpha();
  }

  private double lnP(Pixel pixel, int c) {
    return logits ? pixel.lnP[c] : Math.log(Math.max(pixel.p[c], LEAST));
  }

  private double focal(Pixel pixel, int c) {
    return options.gamma() == 0 ? 1 : Math.exp(options.gamma() * pixel.lnQ[c]);
  }

  @Override
  public void add(Pixel pixel, Sides sides) {
    double loss = 0;
    double power = 0;
    for (int c = 0; c < classes; c++) {
      double own = factor(c) * pixel.t[c];
      // a class without a share has no part, whatever it holds
      // the loss of a sure pixel is e to a power, whose size counts like that of a term
      double exponent = (1 + 2 * options.gamma()) * Math.abs(pixel.lnQ[c]);
      power = own == 0 || Double.isInfinite(exponent) ? power : Math.max(power, exponent);
      loss -= own == 0 ? 0 : times(own, times(focal(pixel, c), lnP(pixel, c)));
    }
    sum += LossDefinition.inFloat(loss);
    size += Math.abs(loss) * (1 + power);
    valid++;
  }

  @Override
  public void finish(Sides sides) {
    divisor = options.mean() ? valid * classes : 1;
  }

  @Override
  public double value() {
    return divisor == 0 ? 0 : sum / divisor;
  }

  @Override
  public double absolute() {
    return divisor == 0 ? 0 : size / divisor;
  }

  /** The derivative with respect to ln p_c. */
  private double slope(Pixel pixel, int c) {
    if (pixel.t[c] == 0 || factor(c) == 0) {
      return 0;
    }
    double p = pixel.p[c];
    double q = pixel.q[c];
    // -p ln p / q is 1 where q vanishes, 0 where p does
    double odds = p == 0 ? 0 : q == 0 ? 1 : -p * lnP(pixel, c) / q;
    double growth = options.gamma() == 0 ? 1 : 1 + options.gamma() * odds;
    return -factor(c) * pixel.t[c] * focal(pixel, c) * growth;
  }

  @Override
  public void addGradient(Pixel pixel, Sides sides, Slopes slopes) {
    if (divisor == 0) {
      return;
    }
    for (int c = 0; c < classes; c++) {
      double own = slope(pixel, c);
      if (!logits) {
        slopes.g[c] += own == 0 ? 0 : own / Math.max(pixel.p[c], LEAST) / divisor;
        continue;
      }
      double others = 0;
      for (int j = 0; j < classes; j++) {
        others += j == c ? 0 : slope(pixel, j);
      }
      slopes.addDifference(c, 1 / divisor, own * pixel.q[c], others * pixel.p[c]);
    }
  }
}
