package dev.quern.spi.loss;

import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import java.util.Arrays;

/**
 * Turns the sums of a fused loss into its value and the coefficients of its gradient, in f64: the
 * Java twin of the epilogue in {@code formulas/loss_epilogue.inc}, shared by the CPU backends. Sums
 * and coefficients have a record per segment: image (one for scores over the batch) and class.
 */
public final class LossEpilogue {
  private final FusedLossSpec spec;
  private final int classes;
  private final double[][] shares;

  /**
   * Prepares a loss.
   *
   * @param spec the loss
   */
  public LossEpilogue(FusedLossSpec spec) {
    this.spec = spec;
    this.classes = spec.classes();
    this.shares = new double[spec.terms().size()][];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = spec.terms().get(i).term().shares(classes);
    }
  }

  /**
   * Computes value and coefficients.
   *
   * @param sums {@link LossSums#COUNT} per segment
   * @param images the number of images that have segments of their own
   * @param elements the number of all elements, ignored ones included
   * @param upstream the factor of the gradient
   * @param coefficients {@link LossCoefficients#COUNT} per segment, written
   * @return the loss
   */
  public float apply(
      double[] sums, int images, long elements, float upstream, float[] coefficients) {
    int terms = spec.terms().size();
    double value = 0;
    double[] outer = new double[terms];
    for (int i = 0; i < terms; i++) {
      WeightedTerm weighted = spec.terms().get(i);
      value += weighted.weight() * value(weighted.term(), i, sums, images, elements, outer);
    }
    double[] k = new double[LossCoefficients.COUNT];
    for (int image = 0; image < images; image++) {
      for (int c = 0; c < classes; c++) {
        Arrays.fill(k, 0);
        for (int i = 0; i < terms; i++) {
          add(spec.terms().get(i), i, sums, images, image, c, outer[i], k);
        }
        int at = (image * classes + c) * LossCoefficients.COUNT;
        for (int j = 0; j < k.length; j++) {
          coefficients[at + j] = (float) (k[j] * upstream);
        }
      }
    }
    return (float) value;
  }

  /**
   * Computes the coefficients of a loss whose divisors do not depend on the pixels.
   *
   * @param extent the batch
   * @param upstream the factor of the gradient
   * @param sums scratch memory of {@link LossSums#COUNT} per segment, of zeros before and after
   * @param coefficients {@link LossCoefficients#COUNT} per segment, written
   * @throws IllegalStateException if the specification is not {@link FusedLossSpec#isOnePass}
   */
  public void applyBeforehand(
      LossExtent extent, float upstream, double[] sums, float[] coefficients) {
    if (!spec.isOnePass()) {
      throw new IllegalStateException("The divisors depend on the pixels: " + spec);
    }
    int images = spec.perImage() ? Math.toIntExact(extent.images()) : 1;
    double pixels = spec.perImage() ? extent.pixels() : extent.labels();
    for (int at = 0; at < sums.length; at += LossSums.COUNT) {
      sums[at + LossSums.VALID] = pixels;
      sums[at + LossSums.CROSS_ENTROPY_WEIGHT] = pixels;
    }
    apply(sums, images, extent.elements(), upstream, coefficients);
    Arrays.fill(sums, 0);
  }

  private double value(
      LossTerm term, int index, double[] sums, int images, long elements, double[] outer) {
    return switch (term) {
      case LossTerm.Overlap overlap -> overlapValue(overlap, index, sums, images, outer);
      case LossTerm.Focal focal -> {
        double value = 0;
        for (int c = 0; c < classes; c++) {
          FocalTotal total = focalTotal(sums, images, c);
          double divisor = total.divisor(focal);
          value += divisor == 0 ? 0 : shares[index][c] * (total.focal / divisor);
        }
        yield value;
      }
      case LossTerm.Bce bce -> {
        double sum = 0;
        double valid = 0;
        for (int s = 0; s < images * classes; s++) {
          sum += sums[s * LossSums.COUNT + LossSums.BCE];
          valid += sums[s * LossSums.COUNT + LossSums.VALID];
        }
        double count = bce.ofValid() ? valid : elements;
        yield reduced(sum, bce.mean() ? count : 1, index, outer);
      }
      case LossTerm.CrossEntropy cross -> {
        double sum = ofPixels(sums, images, LossSums.CROSS_ENTROPY);
        double weight = ofPixels(sums, images, LossSums.CROSS_ENTROPY_WEIGHT);
        yield reduced(sum, cross.mean() ? weight : 1, index, outer);
      }
      case LossTerm.SoftmaxFocal focal -> {
        double sum = ofPixels(sums, images, LossSums.SOFTMAX_FOCAL);
        double valid = ofPixels(sums, images, LossSums.VALID) * classes;
        yield reduced(sum, focal.mean() ? valid : 1, index, outer);
      }
    };
  }

  /** A sum over its divisor; a mean over nothing is 0. */
  private static double reduced(double sum, double divisor, int index, double[] outer) {
    outer[index] = divisor == 0 ? 0 : 1 / divisor;
    return divisor == 0 ? 0 : sum / divisor;
  }

  /** The sum over the images of what belongs to pixels and is left with class 0. */
  private double ofPixels(double[] sums, int images, int which) {
    double sum = 0;
    for (int image = 0; image < images; image++) {
      sum += sums[image * classes * LossSums.COUNT + which];
    }
    return sum;
  }

  private double overlapValue(
      LossTerm.Overlap term, int index, double[] sums, int images, double[] outer) {
    double value = 0;
    for (int image = 0; image < images; image++) {
      for (int c = 0; c < classes; c++) {
        double share = shares[index][c];
        value += share == 0 ? 0 : share * loss(term, sums, (image * classes + c) * LossSums.COUNT);
      }
    }
    value = images == 0 ? 0 : value / images;
    outer[index] = 1;
    if (term.gamma() != 1) {
      // rounding may leave a perfect loss just below 0, of which no power is taken
      boolean perfect = value <= 0;
      outer[index] = perfect ? 0 : term.gamma() * Math.pow(value, term.gamma() - 1);
      value = perfect ? (term.gamma() == 0 ? 1 : 0) : Math.pow(value, term.gamma());
    }
    return value;
  }

  private double loss(LossTerm.Overlap term, double[] sums, int at) {
    Score k = Score.of(term, spec.truePositiveForm(), sums, at);
    if (k.absent) {
      return 0;
    }
    if (!term.logLoss()) {
      return k.loss;
    }
    // near 1 the logarithm is taken of what is missing
    boolean near = k.score > 0.5 && k.score >= term.eps();
    return near ? -Math.log1p(-k.loss) : -Math.log(Math.max(k.score, term.eps()));
  }

  /** S and 1 - S of one segment. */
  private record Score(double score, double loss, double divisor, boolean clamped, boolean absent) {
    static Score of(LossTerm.Overlap term, TruePositiveForm form, double[] sums, int at) {
      double tp = sums[at + LossSums.TRUE_POSITIVES];
      double fp = sums[at + LossSums.FALSE_POSITIVES];
      double fn = sums[at + LossSums.FALSE_NEGATIVES];
      boolean squared = form == TruePositiveForm.SQUARED;
      // what is missing: alpha FP + beta FN; of squares, FP + FN is (p - t)^2
      double weight = squared ? term.beta() - term.alpha() : term.beta();
      double missing = term.alpha() * fp + weight * fn;
      double divisor = tp + missing + term.smoothDenominator();
      boolean clamped = divisor < term.eps();
      double d = clamped ? term.eps() : divisor;
      double score = (tp + term.smoothNumerator()) / d;
      double loss =
          clamped ? 1 - score : (missing + (term.smoothDenominator() - term.smoothNumerator())) / d;
      boolean known = !Double.isNaN(tp) && !Double.isNaN(fn);
      boolean absent = term.absentIsZero() && known && !(tp > 0) && !(fn > 0);
      return new Score(score, loss, d, clamped, absent);
    }
  }

  private record FocalTotal(double focal, double norm, double valid) {
    double divisor(LossTerm.Focal term) {
      double divisor = term.normalized() ? Math.max(norm, 1e-6) : 1;
      return term.mean() ? divisor * valid : divisor;
    }
  }

  private FocalTotal focalTotal(double[] sums, int images, int c) {
    double focal = 0;
    double norm = 0;
    double valid = 0;
    for (int image = 0; image < images; image++) {
      int at = (image * classes + c) * LossSums.COUNT;
      focal += sums[at + LossSums.FOCAL];
      norm += sums[at + LossSums.FOCAL_NORM];
      valid += sums[at + LossSums.VALID];
    }
    return new FocalTotal(focal, norm, valid);
  }

  private void add(
      WeightedTerm weighted,
      int index,
      double[] sums,
      int images,
      int image,
      int c,
      double outer,
      double[] k) {
    double weight = weighted.weight();
    double share = shares[index][c];
    switch (weighted.term()) {
      case LossTerm.Bce bce -> k[LossCoefficients.BCE] += weight * outer;
      case LossTerm.CrossEntropy cross -> k[LossCoefficients.CROSS_ENTROPY] += weight * outer;
      case LossTerm.SoftmaxFocal focal -> k[LossCoefficients.SOFTMAX_FOCAL] += weight * outer;
      case LossTerm.Focal focal -> {
        FocalTotal total = focalTotal(sums, images, c);
        double divisor = total.divisor(focal);
        if (divisor != 0) {
          k[LossCoefficients.FOCAL] += weight * share / divisor;
          if (focal.normalized() && !(total.norm < 1e-6)) {
            k[LossCoefficients.FOCAL_NORM] -= weight * share * total.focal / (divisor * total.norm);
          }
        }
      }
      case LossTerm.Overlap term -> {
        int at = (image * classes + c) * LossSums.COUNT;
        Score score = Score.of(term, spec.truePositiveForm(), sums, at);
        if (score.absent || share == 0) {
          return;
        }
        double slope = -weight * outer * share / images;
        if (term.logLoss()) {
          slope = score.score < term.eps() ? 0 : slope / score.score;
        }
        slope /= score.divisor;
        if (score.clamped) {
          k[LossCoefficients.HIT] += slope;
          // 0, but for a NaN, which stays
          k[LossCoefficients.MISS] += 0 * slope;
          return;
        }
        // dS/dp = (tau (1 - S (1 - beta)) - (1 - tau) S alpha) / D
        boolean squared = spec.truePositiveForm() == TruePositiveForm.SQUARED;
        double spared = squared ? term.beta() - term.alpha() : term.beta();
        k[LossCoefficients.HIT] += slope * (score.loss + score.score * spared);
        k[LossCoefficients.MISS] -= slope * score.score * term.alpha() * (squared ? 2 : 1);
      }
    }
  }
}
