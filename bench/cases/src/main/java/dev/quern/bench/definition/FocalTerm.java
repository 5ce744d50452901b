package dev.quern.bench.definition;

import static dev.quern.bench.definition.Pixel.times;

/**
 * Focal loss a f l of every class against the rest: l the binary cross-entropy, q = e^-l (or p t +
 * (1 - p) (1 - t)), f = (1 - q)^gamma, or ((1 - q) / th)^gamma and 1 where q is below th.
 * Probabilities are limited to [1e-7, 1 - 1e-7], beyond which the gradient is 0.
 */
final class FocalTerm implements Term {
  private static final double LEAST = 1e-7;

  private final LossOptions.Focal options;
  private final boolean logits;
  private final int classes;
  private final double[] losses;
  private final double[] sizes;
  private final double[] weights;
  private final double[] valid;
  private final double[] factor;
  private final double[] weightFactor;
  private double value;
  private double absolute;

  // the element: loss, weight and their derivatives with respect to the logit
  private double loss;
  private double f;
  private double lossSlope;
  private double fSlope;
  private double size;

  FocalTerm(LossOptions.Focal options, Batch batch) {
    this.options = options;
    this.logits = !batch.probabilities();
    this.classes = batch.classes();
    this.losses = new double[classes];
    this.sizes = new double[classes];
    this.weights = new double[classes];
    this.valid = new double[classes];
    this.factor = new double[classes];
    this.weightFactor = new double[classes];
  }

  @Override
  public void add(Pixel pixel, Sides sides) {
    for (int c = 0; c < pixel.size; c++) {
      int own = pixel.firstClass + c;
      element(pixel, c, sides);
      losses[own] += LossDefinition.inFloat(loss);
      sizes[own] += size;
      weights[own] += f;
      valid[own]++;
    }
  }

  @Override
  public void finish(Sides sides) {
    value = 0;
    for (int c = 0; c < classes; c++) {
      double share = options.shares().isEmpty() ? 1.0 / classes : options.shares().get(c);
      if (valid[c] == 0) {
        continue;
      }
      double divisor = options.mean() ? valid[c] : 1;
      boolean least = options.normalized() && sides.less(weights[c], 1e-6, 1e-12);
      if (options.normalized()) {
        divisor *= least ? 1e-6 : weights[c];
      }
      value += share * losses[c] / divisor;
      absolute += share * sizes[c] / divisor;
      factor[c] = share / divisor;
      if (options.normalized() && !least) {
        weightFactor[c] = -share * losses[c] / divisor / weights[c];
      }
    }
  }

  @Override
  public double value() {
    return value;
  }

  @Override
  public double absolute() {
    return absolute;
  }

  @Override
  public void addGradient(Pixel pixel, Sides sides, Slopes slopes) {
    for (int c = 0; c < pixel.size; c++) {
      int own = pixel.firstClass + c;
      double chain = chain(pixel, c, sides);
      if (chain == 0) {
        continue;
      }
      element(pixel, c, sides);
      double through = weightFactor[own] == 0 ? 0 : weightFactor[own] * fSlope;
      slopes.g[c] += chain * (factor[own] * lossSlope + through);
      slopes.steep(chain * factor[own]);
    }
  }

  /** The derivative of the logit with respect to the input. */
  private double chain(Pixel pixel, int c, Sides sides) {
    if (logits) {
      return 1;
    }
    double small = Math.min(pixel.x[c], 1 - pixel.x[c]);
    boolean least = sides.less(small, LEAST, 0x1p-23 * LEAST);
    return least ? 0 : 1 / (small * (1 - small));
  }

  private void element(Pixel pixel, int c, Sides sides) {
    double t = pixel.t[c];
    double input = pixel.x[c];
    double x = input;
    if (!logits) {
      double small = Math.max(Math.min(input, 1 - input), LEAST);
      double size = Math.log1p(-small) - Math.log(small);
      x = input < 0.5 ? -size : size;
      x = Double.isNaN(input) ? input : x;
    }
    double p = Pixel.sigmoid(x);
    double q = Pixel.sigmoid(-x);
    double l = times(t, Pixel.softplus(-x)) + times(1 - t, Pixel.softplus(x));
    double cross = (1 - t) * p - t * q;
    double hit;
    double rest;
    double decline; // of 1 - q, relative to it
    if (t == 0 || t == 1) {
      hit = t == 1 ? p : q;
      rest = t == 1 ? q : p;
      decline = (t == 1 ? -1 : 1) * hit;
    } else if (options.linear()) {
      hit = p * t + q * (1 - t);
      rest = p * (1 - t) + q * t;
      decline = (1 - 2 * t) * p * q / rest;
    } else {
      hit = Math.exp(-l);
      rest = -Math.expm1(-l);
      decline = hit * cross / rest;
    }
    double slack = hit * Math.min(1, 0x1p-21 * (1 + Math.abs(x)));
    boolean reduced = options.threshold() > 0 && sides.less(hit, options.threshold(), slack);
    double unit = options.threshold() > 0 ? options.threshold() : 1;
    double gamma = options.gamma();
    // from the logarithm where the rest is too small for f64
    double logRest = (t == 1 ? -Pixel.softplus(x) : t == 0 ? -Pixel.softplus(-x) : Math.log(rest));
    f = reduced || gamma == 0 ? 1 : Math.exp(gamma * (logRest - Math.log(unit)));
    double growth = reduced || gamma == 0 ? 0 : gamma * decline;
    double a = options.alpha() < 0 ? 1 : options.alpha() * t + (1 - options.alpha()) * (1 - t);
    loss = times(a, times(f, l));
    // f is e to a power, the size of which counts like that of a term: its logarithm rounds, and
    // the product with gamma
    double power = reduced || gamma == 0 ? 0 : 2 * gamma * Math.abs(logRest);
    size = Math.abs(loss) * (1 + (Double.isFinite(power) ? power : 0));
    fSlope = f * growth;
    double grown = growth == 0 || f == 0 ? 0 : growth * l;
    lossSlope = a * f * (cross + grown);
  }
}
