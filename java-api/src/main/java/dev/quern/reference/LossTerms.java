package dev.quern.reference;

import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.LossTerm;

/**
 * The terms of the fused segmentation losses: the Java twin of {@code formulas/loss_terms.inc},
 * which says what the symbols mean. {@link #epilogue} is shared by the CPU backends.
 */
public final class LossTerms {
  private LossTerms() {}

  /**
   * What pass 1 leaves.
   *
   * @param truePositives sum of min(p, t) or p t
   * @param probabilities sum of p, or of p^2 (SQUARED)
   * @param target sum of t, or of t^2 (SQUARED)
   * @param bce sum of the binary cross-entropy
   */
  public record Sums(double truePositives, double probabilities, double target, double bce) {}

  /**
   * The value and what pass 2 needs.
   *
   * @param value the loss
   * @param a factor of tau (or t) in the overlap part of the gradient
   * @param b constant (or factor of p) in it
   * @param c factor of p - t
   */
  public record Coefficients(float value, float a, float b, float c) {}

  /**
   * Computes the binary cross-entropy of one pixel.
   *
   * @param x the logit
   * @param t the target
   * @param e e^-|x|
   * @return max(x, 0) - x t + ln(1 + e)
   */
  public static float bce(float x, float t, float e) {
    float miss = x < 0.0f ? t : 1.0f - t;
    float l = FloatMath.log1pUnit(e);
    return miss == 0.0f ? l : Math.fma(x < 0.0f ? -x : x, miss, l);
  }

  /**
   * Computes what one pixel adds to the true positives.
   *
   * @param form how they are counted
   * @param p the probability
   * @param t the target
   * @return min(p, t) or p t
   */
  public static float truePositive(TruePositiveForm form, float p, float t) {
    return form == TruePositiveForm.MIN ? (p < t ? p : t) : p * t;
  }

  /**
   * Computes what one pixel adds to the sums of probabilities or of the target.
   *
   * @param form how overlap is counted
   * @param v the probability or target
   * @return v or v^2
   */
  public static float overlapMass(TruePositiveForm form, float v) {
    return form == TruePositiveForm.SQUARED ? v * v : v;
  }

  /**
   * Computes the gradient of one pixel's logit.
   *
   * @param form how overlap is counted
   * @param k the coefficients
   * @param x the logit
   * @param t the target
   * @return the derivative of the loss, upstream factor included
   */
  public static float gradient(TruePositiveForm form, Coefficients k, float x, float t) {
    float e = FloatMath.expOfMinusAbs(x);
    float inverse = 1.0f / (1.0f + e);
    float small = e * inverse;
    boolean negative = x < 0.0f;
    float p = negative ? small : inverse;
    float slope = inverse * small;
    float overlap =
        switch (form) {
          case MIN -> {
            float side = negative ? small : -small;
            float bound = negative ? t : t - 1.0f;
            float tau = side < bound ? 1.0f : (side > bound ? 0.0f : 0.5f);
            yield Math.fma(k.a, tau, k.b);
          }
          case PRODUCT -> Math.fma(k.a, t, k.b);
          case SQUARED -> Math.fma(k.a, t, k.b * p);
        };
    return Math.fma(overlap, slope, k.c * (p - t));
  }

  /**
   * Turns sums into the value and the gradient's coefficients.
   *
   * @param spec the loss
   * @param s the sums over all pixels that are not ignored
   * @param n the number of pixels, ignored ones included
   * @param upstream the factor of the gradient
   * @return value and coefficients
   */
  public static Coefficients epilogue(FusedLossSpec spec, Sums s, long n, float upstream) {
    double value = 0;
    double a = 0;
    double b = 0;
    double c = 0;
    for (FusedLossSpec.WeightedTerm weighted : spec.terms()) {
      double weight = weighted.weight();
      switch (weighted.term()) {
        case LossTerm.Bce bce -> {
          double divisor = bce.mean() ? n : 1;
          value += divisor == 0 ? 0 : weight * (s.bce / divisor);
          c += divisor == 0 ? 0 : weight / divisor;
        }
        case LossTerm.Focal t -> throw new UnsupportedOperationException(t.toString());
        case LossTerm.CrossEntropy t -> throw new UnsupportedOperationException(t.toString());
        case LossTerm.SoftmaxFocal t -> throw new UnsupportedOperationException(t.toString());
        case LossTerm.Overlap overlap -> {
          Slope slope = new Slope();
          value += weight * overlap(spec.truePositiveForm(), overlap, s, slope);
          a += weight * slope.a;
          b += weight * slope.b;
        }
      }
    }
    return new Coefficients(
        (float) value, (float) (a * upstream), (float) (b * upstream), (float) (c * upstream));
  }

  /** The derivative of an overlap term: a tau + b. */
  private static final class Slope {
    double a;
    double b;
  }

  private static double overlap(
      TruePositiveForm form, LossTerm.Overlap term, Sums s, Slope derivative) {
    if (!(s.target > 0) && !Double.isNaN(s.target)) {
      return term.gamma() == 0 ? 1 : 0;
    }
    double rest = 1 - term.alpha() - term.beta();
    double numerator = s.truePositives + term.smoothNumerator();
    double divisor =
        rest * s.truePositives
            + term.alpha() * s.probabilities
            + term.beta() * s.target
            + term.smoothDenominator();
    boolean clamped = divisor < term.eps();
    double d = clamped ? term.eps() : divisor;
    double score = numerator / d;
    double slope = -1;
    double value = 1 - score;
    if (term.logLoss()) {
      boolean floored = score < term.eps();
      value = -Math.log(floored ? term.eps() : score);
      slope = floored ? 0 : slope / score;
    }
    if (term.gamma() != 1) {
      // rounding may leave a perfect loss just below 0, of which no power is taken
      boolean perfect = value <= 0;
      slope = perfect ? 0 : slope * term.gamma() * Math.pow(value, term.gamma() - 1);
      value = perfect ? (term.gamma() == 0 ? 1 : 0) : Math.pow(value, term.gamma());
    }
    derivative.a = slope * (clamped ? 1 : 1 - score * rest) / d;
    if (!clamped) {
      double squared = form == TruePositiveForm.SQUARED ? 2 : 1;
      derivative.b = -slope * score * term.alpha() / d * squared;
    }
    return value;
  }
}
