package dev.quern.reference;

import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossScalars;
import dev.quern.spi.loss.LossSums;
import dev.quern.spi.loss.LossTerm;

/**
 * The terms of a fused loss for one logit or probability with a target of its own: the Java twin of
 * the functions per element in {@code formulas/loss_element.inc}, which says what the symbols mean.
 * Holds the element it was last given; one thread uses an instance.
 */
public final class ElementLoss {
  private final TruePositiveForm form;
  private final boolean probabilities;
  private final boolean overlap;
  private final boolean bce;
  private final float smoothing;
  private final boolean focal;
  private final float gamma;
  private final float positive;
  private final float negative;
  private final float threshold;
  private final float logThreshold;
  private final boolean linear;

  // the element
  private float x;
  private float e;
  private float p;
  private float q;
  private float slope;
  private float chain;

  // its focal loss
  private float focalValue;
  private float focalWeight;
  private float focalSlope;
  private float focalWeightSlope;

  /**
   * Prepares a loss.
   *
   * @param spec the loss
   */
  public ElementLoss(FusedLossSpec spec) {
    this.form = spec.truePositiveForm();
    this.probabilities = spec.input() == LossInput.PROBABILITIES;
    this.overlap = spec.hasOverlap();
    LossTerm.Bce bceTerm = spec.find(LossTerm.Bce.class);
    this.bce = bceTerm != null;
    LossScalars scalars = LossScalars.of(spec);
    this.smoothing = scalars.bceSmoothing();
    LossTerm.Focal term = spec.find(LossTerm.Focal.class);
    this.focal = term != null;
    this.gamma = scalars.focalGamma();
    this.positive = scalars.focalPositive();
    this.negative = scalars.focalNegative();
    this.threshold = scalars.focalThreshold();
    this.logThreshold = scalars.focalLogThreshold();
    this.linear = term != null && term.linear();
  }

  /**
   * Adds an element that is neither ignored nor faulty to all sums but the count of valid ones.
   *
   * @param input the logit or probability
   * @param t its target
   * @param weight the factor of its binary cross-entropy
   * @param bcePositive its class's factor of the positive part
   * @param sums {@link LossSums#COUNT} per segment
   * @param at where the segment's begin
   */
  public void add(float input, float t, float weight, float bcePositive, double[] sums, int at) {
    element(input);
    if (overlap) {
      addOverlap(form, p, q, t, sums, at);
    }
    if (bce) {
      sums[at + LossSums.BCE] += weight * bce(t, bcePositive);
    }
    if (focal) {
      focal(t);
      sums[at + LossSums.FOCAL] += focalValue;
      sums[at + LossSums.FOCAL_NORM] += focalWeight;
    }
  }

  /**
   * Computes the gradient of one element's input.
   *
   * @param input the logit or probability
   * @param t its target
   * @param weight the factor of its binary cross-entropy
   * @param bcePositive its class's factor of the positive part
   * @param k {@link LossCoefficients#COUNT} per segment
   * @param at where the segment's begin
   * @return the derivative of the loss, upstream factor included
   */
  public float gradient(float input, float t, float weight, float bcePositive, float[] k, int at) {
    element(input);
    float g = 0;
    if (overlap) {
      g = overlapGradient(form, k, at, p, q, t) * slope;
    }
    if (bce) {
      g = FloatMath.fma(k[at + LossCoefficients.BCE] * weight, bceGradient(t, bcePositive), g);
    }
    if (focal) {
      g += focalGradient(t, k, at);
    }
    return g;
  }

  /** The gradient of the focal loss alone, of the class against the rest. */
  float focalGradient(float input, float t, float[] k, int at) {
    element(input);
    return focalGradient(t, k, at);
  }

  private float focalGradient(float t, float[] k, int at) {
    focal(t);
    float s =
        FloatMath.fma(
            k[at + LossCoefficients.FOCAL],
            focalSlope,
            k[at + LossCoefficients.FOCAL_NORM] * focalWeightSlope);
    return s * chain;
  }

  /** Adds the focal loss alone, of the class against the rest. */
  void addFocal(float input, float t, double[] sums, int at) {
    element(input);
    focal(t);
    sums[at + LossSums.FOCAL] += focalValue;
    sums[at + LossSums.FOCAL_NORM] += focalWeight;
  }

  private void element(float input) {
    if (!probabilities) {
      x = input;
      e = FloatMath.expOfMinusAbs(input);
      float inverse = 1.0f / (1.0f + e);
      float small = e * inverse;
      p = x < 0 ? small : inverse;
      q = x < 0 ? inverse : small;
      slope = inverse * small;
      chain = 1;
      return;
    }
    p = input;
    q = 1 - input;
    slope = 1;
    if (focal) {
      float small = p < 0.5f ? p : q;
      boolean least = small < FusedLossSpec.LEAST_PROBABILITY;
      small = least ? FusedLossSpec.LEAST_PROBABILITY : small;
      float large = 1 - small;
      e = small / large;
      x = p < 0.5f ? FloatMath.log(e) : -FloatMath.log(e);
      chain = least ? 0 : 1 / (small * large);
    }
  }

  /** Adds what one element leaves of the overlap; nothing that is small is a difference. */
  static void addOverlap(TruePositiveForm form, float p, float q, float t, double[] sums, int at) {
    float d = difference(p, q, t);
    switch (form) {
      case MIN -> {
        sums[at + LossSums.TRUE_POSITIVES] += p < t ? p : t;
        sums[at + LossSums.FALSE_POSITIVES] += d < 0 ? 0 : d;
        sums[at + LossSums.FALSE_NEGATIVES] += d > 0 ? 0 : -d;
      }
      case PRODUCT -> {
        sums[at + LossSums.TRUE_POSITIVES] += p * t;
        sums[at + LossSums.FALSE_POSITIVES] += p * (1 - t);
        sums[at + LossSums.FALSE_NEGATIVES] += q * t;
      }
      case SQUARED -> {
        sums[at + LossSums.TRUE_POSITIVES] += p * t;
        sums[at + LossSums.FALSE_POSITIVES] += d * d;
        sums[at + LossSums.FALSE_NEGATIVES] += -d * t;
      }
    }
  }

  /** p - t, from the side on which p does not round to 1. */
  static float difference(float p, float q, float t) {
    return p < 0.5f ? p - t : (1 - t) - q;
  }

  static float overlapGradient(
      TruePositiveForm form, float[] k, int at, float p, float q, float t) {
    float hit = k[at + LossCoefficients.HIT];
    float miss = k[at + LossCoefficients.MISS];
    float d = difference(p, q, t);
    return switch (form) {
      case MIN -> d < 0 ? hit : (d > 0 ? miss : 0.5f * (hit + miss));
      case PRODUCT -> FloatMath.fma(hit, t, miss * (1 - t));
      case SQUARED -> FloatMath.fma(hit, t, miss * d);
    };
  }

  /** A part of the target after label smoothing, from it and the other part. */
  private float smoothed(float part, float other) {
    return FloatMath.fma(other, smoothing, part * (1.0f - smoothing));
  }

  private float bce(float t, float bcePositive) {
    float on = bcePositive * smoothed(t, 1.0f - t);
    float off = smoothed(1.0f - t, t);
    if (probabilities) {
      float logP = FloatMath.log(p);
      float logQ = FloatMath.log1p(-p);
      logP = logP < -100.0f ? -100.0f : logP;
      logQ = logQ < -100.0f ? -100.0f : logQ;
      return -FloatMath.fma(on, logP, off * logQ);
    }
    float miss = x < 0 ? on : off;
    float l = (on + off) * FloatMath.log1pUnit(e);
    return miss == 0 ? l : FloatMath.fma(x < 0 ? -x : x, miss, l);
  }

  private float bceGradient(float t, float bcePositive) {
    float on = bcePositive * smoothed(t, 1.0f - t);
    float off = smoothed(1.0f - t, t);
    float g = FloatMath.fma(off, p, -(on * q));
    if (probabilities) {
      float divisor = p * q;
      return g / (divisor < 1e-12f ? 1e-12f : divisor);
    }
    return g;
  }

  private void focal(float t) {
    float log1p = FloatMath.log1pUnit(e);
    float size = x < 0 ? -x : x;
    float l;
    float hit;
    float logRest;
    float crossSlope;
    float decline;
    if (t == 0 || t == 1) {
      boolean wrong = t == 1 ? x < 0 : x > 0;
      float small = e / (1.0f + e);
      float large = 1.0f / (1.0f + e);
      hit = wrong ? small : large;
      l = wrong ? size + log1p : log1p;
      logRest = wrong ? -log1p : -(size + log1p);
      float sign = t == 1 ? -1 : 1;
      crossSlope = sign * (wrong ? large : small);
      decline = sign * hit;
    } else {
      float inverse = 1.0f / (1.0f + e);
      float small = e * inverse;
      float logitP = x < 0 ? small : inverse;
      float logitQ = x < 0 ? inverse : small;
      l = FloatMath.fma(size, x < 0 ? t : 1.0f - t, log1p);
      crossSlope = FloatMath.fma(1.0f - t, logitP, -(t * logitQ));
      float rest;
      if (linear) {
        hit = FloatMath.fma(logitP, t, logitQ * (1.0f - t));
        rest = FloatMath.fma(logitP, 1.0f - t, logitQ * t);
        decline = (1.0f - 2.0f * t) * (inverse * small) / rest;
      } else {
        hit = FloatMath.exp(-l);
        rest = FloatMath.oneMinusExp(l);
        decline = hit * crossSlope / rest;
      }
      logRest = FloatMath.log(rest);
    }
    boolean reduced = hit < threshold;
    float f = reduced || gamma == 0 ? 1 : FloatMath.exp(gamma * (logRest - logThreshold));
    float growth = reduced ? 0 : gamma * decline;
    float a = FloatMath.fma(positive, t, negative * (1.0f - t));
    focalWeight = f;
    focalWeightSlope = f * growth;
    focalValue = a * (f * l);
    focalSlope = a * f * (growth == 0 ? crossSlope : FloatMath.fma(l, growth, crossSlope));
  }
}
