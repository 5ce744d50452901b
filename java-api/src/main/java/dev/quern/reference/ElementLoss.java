package dev.quern.reference;

import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.LossInput;
import dev.quern.spi.LossTable;
import dev.quern.spi.LossTerm;

/**
 * The terms of a fused loss for one logit or probability with a target of its own: the Java twin of
 * the functions per element in {@code formulas/segmentation.inc}, which says what the symbols mean.
 * Holds the element it was last given; one thread uses an instance.
 */
public final class ElementLoss {
  /** The least probability that a logarithm is taken of, and its distance from 1. */
  public static final float LEAST_PROBABILITY = 1e-7f;

  // the sums of a segment, in the order of QuernLossSums

  /** Index of the sum of true positives. */
  public static final int TRUE_POSITIVES = 0;

  /** Index of the sum of false positives, or of (p - t)^2 (SQUARED). */
  public static final int FALSE_POSITIVES = 1;

  /** Index of the sum of false negatives, or of t^2 - p t (SQUARED). */
  public static final int FALSE_NEGATIVES = 2;

  /** Index of the sum of the binary cross-entropy. */
  public static final int BCE = 3;

  /** Index of the sum of the focal loss. */
  public static final int FOCAL = 4;

  /** Index of the sum of the focal weights f. */
  public static final int FOCAL_NORM = 5;

  /** Index of the number of elements that are not ignored. */
  public static final int VALID = 6;

  /** Index of the sum of the cross-entropy. */
  public static final int CROSS_ENTROPY = 7;

  /** Index of the sum of the labels' weights. */
  public static final int CROSS_ENTROPY_WEIGHT = 8;

  /** Index of the sum of the focal loss through the softmax. */
  public static final int SOFTMAX_FOCAL = 9;

  // the coefficients of a segment, in the order of QuernLossCoefficients

  /** Index of the slope in p where p is a true positive: the coefficient of tau, or t. */
  public static final int K_HIT = 0;

  /** Index of the slope in p where p is a false positive: of 1 - tau, 1 - t, or p - t. */
  public static final int K_MISS = 1;

  /** Index of the coefficient of the binary cross-entropy. */
  public static final int K_BCE = 2;

  /** Index of the coefficient of the focal loss. */
  public static final int K_FOCAL = 3;

  /** Index of the coefficient of the focal weight. */
  public static final int K_FOCAL_NORM = 4;

  /** Index of the coefficient of the cross-entropy. */
  public static final int K_CROSS_ENTROPY = 5;

  /** Index of the coefficient of the focal loss through the softmax. */
  public static final int K_SOFTMAX_FOCAL = 6;

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
    this.smoothing = bceTerm == null ? 0 : (float) bceTerm.smoothing();
    LossTerm.Focal term = spec.find(LossTerm.Focal.class);
    this.focal = term != null;
    this.gamma = term == null ? 0 : (float) term.gamma();
    this.positive = term == null ? 1 : (float) term.positive();
    this.negative = term == null ? 1 : (float) term.negative();
    this.threshold = term == null ? 0 : (float) term.reducedThreshold();
    this.logThreshold =
        term == null || threshold == 0 ? 0 : (float) Math.log(term.reducedThreshold());
    this.linear = term != null && term.linear();
  }

  /**
   * Adds an element that is neither ignored nor faulty to all sums but the count of valid ones.
   *
   * @param input the logit or probability
   * @param t its target
   * @param weight the factor of its binary cross-entropy
   * @param bcePositive its class's factor of the positive part
   * @param sums {@link LossTable#SUMS} per segment
   * @param at where the segment's begin
   */
  public void add(float input, float t, float weight, float bcePositive, double[] sums, int at) {
    element(input);
    if (overlap) {
      addOverlap(form, p, q, t, sums, at);
    }
    if (bce) {
      sums[at + BCE] += weight * bce(t, bcePositive);
    }
    if (focal) {
      focal(t);
      sums[at + FOCAL] += focalValue;
      sums[at + FOCAL_NORM] += focalWeight;
    }
  }

  /**
   * Computes the gradient of one element's input.
   *
   * @param input the logit or probability
   * @param t its target
   * @param weight the factor of its binary cross-entropy
   * @param bcePositive its class's factor of the positive part
   * @param k {@link LossTable#COEFFICIENTS} per segment
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
      g = FloatMath.fma(k[at + K_BCE] * weight, bceGradient(t, bcePositive), g);
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
    float s = FloatMath.fma(k[at + K_FOCAL], focalSlope, k[at + K_FOCAL_NORM] * focalWeightSlope);
    return s * chain;
  }

  /** Adds the focal loss alone, of the class against the rest. */
  void addFocal(float input, float t, double[] sums, int at) {
    element(input);
    focal(t);
    sums[at + FOCAL] += focalValue;
    sums[at + FOCAL_NORM] += focalWeight;
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
      boolean least = small < LEAST_PROBABILITY;
      small = least ? LEAST_PROBABILITY : small;
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
        sums[at + TRUE_POSITIVES] += p < t ? p : t;
        sums[at + FALSE_POSITIVES] += d < 0 ? 0 : d;
        sums[at + FALSE_NEGATIVES] += d > 0 ? 0 : -d;
      }
      case PRODUCT -> {
        sums[at + TRUE_POSITIVES] += p * t;
        sums[at + FALSE_POSITIVES] += p * (1 - t);
        sums[at + FALSE_NEGATIVES] += q * t;
      }
      case SQUARED -> {
        sums[at + TRUE_POSITIVES] += p * t;
        sums[at + FALSE_POSITIVES] += d * d;
        sums[at + FALSE_NEGATIVES] += -d * t;
      }
    }
  }

  /** p - t, from the side on which p does not round to 1. */
  static float difference(float p, float q, float t) {
    return p < 0.5f ? p - t : (1 - t) - q;
  }

  static float overlapGradient(
      TruePositiveForm form, float[] k, int at, float p, float q, float t) {
    float hit = k[at + K_HIT];
    float miss = k[at + K_MISS];
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
