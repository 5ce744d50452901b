package dev.quern.bench.definition;

/**
 * The overlap losses: S = (TP + a) / max(TP + alpha FP + beta FN + b, eps) per class, over the
 * batch or per image; L = mean of 1 - S, or of -ln max(S, eps), to the power gamma. 1 - S is (alpha
 * FP + beta FN + b - a) / D.
 */
final class OverlapTerm implements Term {
  private final LossOptions.Overlap options;
  private final LossDefinition.Form form;
  private final boolean logits;
  private final boolean exclusive;
  private final int classes;
  private final int groups;
  private final boolean perImage;

  private final double[] tp;
  private final double[] missing;
  private final double[] missingSize;
  private final double[] target;
  private final double[] hit;
  private final double[] miss;
  private final boolean[] left;
  private double value;
  private double absolute;

  OverlapTerm(
      LossOptions.Overlap options, LossDefinition.Form form, boolean perImage, Batch batch) {
    this.options = options;
    this.form = form;
    this.perImage = perImage;
    this.logits = !batch.probabilities();
    this.exclusive = batch.layout() != Batch.Layout.ELEMENTS;
    this.classes = batch.classes();
    this.groups = perImage ? batch.images() : 1;
    int segments = groups * classes;
    this.tp = new double[segments];
    this.missing = new double[segments];
    this.missingSize = new double[segments];
    this.target = new double[segments];
    this.hit = new double[segments];
    this.miss = new double[segments];
    this.left = new boolean[segments];
  }

  private int segment(Pixel pixel, int c) {
    return (perImage ? pixel.image : 0) * classes + pixel.firstClass + c;
  }

  @Override
  public void add(Pixel pixel, Sides sides) {
    for (int c = 0; c < pixel.size; c++) {
      int s = segment(pixel, c);
      double t = pixel.t[c];
      double p = pixel.p[c];
      double d = pixel.difference(c);
      // p is e to a power, whose size counts like that of a term
      double exponent = logits ? Math.max(-pixel.lnP[c], -pixel.lnQ[c]) : 0;
      double power = 1 + (Double.isFinite(exponent) ? exponent : 0);
      double falsePositive;
      double falseNegative;
      switch (form) {
        case MIN -> {
          tp[s] += Double.isNaN(d) ? d : Math.min(p, t);
          falsePositive = Math.max(d, 0);
          falseNegative = Math.max(-d, 0);
        }
        case PRODUCT -> {
          tp[s] += p * t;
          falsePositive = p * (1 - t);
          falseNegative = pixel.q[c] * t;
        }
        default -> {
          // alpha p (p - t) + beta t (t - p) = alpha (p - t)^2 + (beta - alpha) t (t - p)
          tp[s] += p * t;
          missing[s] += options.alpha() * d * d - (options.beta() - options.alpha()) * t * d;
          double rest = Math.abs(options.beta() - options.alpha());
          missingSize[s] += power * (options.alpha() * d * d + rest * t * Math.abs(d));
          target[s] += t * t;
          continue;
        }
      }
      double part = options.alpha() * falsePositive + options.beta() * falseNegative;
      missing[s] += part;
      missingSize[s] += part * power;
      target[s] += t;
    }
  }

  @Override
  public void finish(Sides sides) {
    double sum = 0;
    double size = 0;
    for (int s = 0; s < tp.length; s++) {
      double share = options.shares().isEmpty() ? 1.0 / classes : options.shares().get(s % classes);
      boolean absent = options.absentIsZero() && target[s] == 0 && !Double.isNaN(missing[s]);
      if (share == 0 || absent) {
        left[s] = true;
        continue;
      }
      double numerator = tp[s] + options.numerator();
      double unbounded = tp[s] + missing[s] + options.denominator();
      boolean clamped = sides.less(unbounded, options.eps(), 1e-6 * options.eps());
      double divisor = clamped ? options.eps() : unbounded;
      double score = numerator / divisor;
      double lack =
          clamped
              ? 1 - score
              : (missing[s] + (options.denominator() - options.numerator())) / divisor;
      double size1 =
          clamped
              ? 1
              : (missingSize[s] + Math.abs(options.denominator() - options.numerator())) / divisor;
      double slope = -share / groups;
      double loss = lack;
      if (options.logLoss()) {
        boolean least = sides.less(score, options.eps(), 1e-6 * options.eps());
        loss =
            least ? -Math.log(options.eps()) : score > 0.5 ? -Math.log1p(-lack) : -Math.log(score);
        slope = least ? 0 : slope / score;
        left[s] = least;
        size1 = Math.max(Math.abs(loss), size1 / score);
      }
      sum += share * loss;
      size += share * size1;
      if (clamped) {
        hit[s] = slope / divisor;
        continue;
      }
      double spared =
          form == LossDefinition.Form.SQUARED ? options.beta() - options.alpha() : options.beta();
      double both = form == LossDefinition.Form.SQUARED ? 2 : 1;
      hit[s] = slope * (lack + score * spared) / divisor;
      miss[s] = -slope * score * options.alpha() * both / divisor;
    }
    double mean = groups == 0 ? 0 : sum / groups;
    value = mean;
    absolute = groups == 0 ? 0 : size / groups;
    if (options.gamma() != 1) {
      double outer = mean <= 0 ? 0 : options.gamma() * Math.pow(mean, options.gamma() - 1);
      value = mean <= 0 ? (options.gamma() == 0 ? 1 : 0) : Math.pow(mean, options.gamma());
      absolute = mean <= 0 ? 0 : value * options.gamma() * (absolute / mean);
      for (int s = 0; s < hit.length; s++) {
        // a class that is absent, or below eps, stays without a slope whatever the others have
        hit[s] = left[s] ? 0 : hit[s] * outer;
        miss[s] = left[s] ? 0 : miss[s] * outer;
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
    double[] byP = new double[pixel.size];
    for (int c = 0; c < pixel.size; c++) {
      int s = segment(pixel, c);
      byP[c] = slope(pixel, c, hit[s], miss[s], sides);
      slopes.steep(byP[c]);
    }
    for (int c = 0; c < pixel.size; c++) {
      if (!logits) {
        slopes.g[c] += byP[c];
      } else if (exclusive) {
        double sum = 0;
        for (int j = 0; j < pixel.size; j++) {
          sum += j == c ? 0 : pixel.p[j] * (byP[c] - byP[j]);
        }
        slopes.g[c] += pixel.p[c] * sum;
      } else {
        slopes.g[c] += byP[c] * (pixel.p[c] * pixel.q[c]);
      }
    }
  }

  private double slope(Pixel pixel, int c, double hit, double miss, Sides sides) {
    double t = pixel.t[c];
    double d = pixel.difference(c);
    return switch (form) {
      case MIN ->
          switch (sides.compare(d, 0, pixel.slack(c))) {
            case -1 -> hit;
            case 1 -> miss;
            default -> 0.5 * (hit + miss);
          };
      case PRODUCT -> hit * t + miss * (1 - t);
      case SQUARED -> hit * t + miss * d;
    };
  }
}
