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
    float p = FloatMath.sigmoidFrom(x, e, inverse);
    float slope = inverse * (e * inverse);
    float overlap =
        switch (form) {
          case MIN -> Math.fma(k.a, p < t ? 1.0f : (p > t ? 0.0f : 0.5f), k.b);
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
          value += weight * (s.bce / divisor);
          c += weight / divisor;
        }
        case LossTerm.Dice dice -> {
          if (!(s.target > 0) && !Double.isNaN(s.target)) {
            continue;
          }
          double divisor = 0.5 * (s.probabilities + s.target) + dice.smooth();
          boolean clamped = divisor < dice.eps();
          double d = clamped ? dice.eps() : divisor;
          double score = (s.truePositives + dice.smooth()) / d;
          double slope = -weight;
          double loss = 1 - score;
          if (dice.logLoss()) {
            boolean floored = score < dice.eps();
            loss = -Math.log(floored ? dice.eps() : score);
            slope = floored ? 0 : slope / score;
          }
          value += weight * loss;
          a += slope / d;
          if (!clamped) {
            boolean squared = spec.truePositiveForm() == TruePositiveForm.SQUARED;
            b -= slope * score / d * (squared ? 1 : 0.5);
          }
        }
      }
    }
    return new Coefficients(
        (float) value, (float) (a * upstream), (float) (b * upstream), (float) (c * upstream));
  }
}
