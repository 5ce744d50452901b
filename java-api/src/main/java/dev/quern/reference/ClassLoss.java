package dev.quern.reference;

import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossScalars;
import dev.quern.spi.loss.LossSums;
import dev.quern.spi.loss.LossTerm;

/**
 * The terms of a fused loss for one pixel of classes that exclude one another: the Java twin of the
 * functions per pixel in {@code formulas/loss_class.inc}, which says what the symbols mean. Holds
 * the pixel it was last given; one thread uses an instance.
 */
public final class ClassLoss {
  private final int classes;
  private final TruePositiveForm form;
  private final boolean probabilities;
  private final boolean overlap;
  private final boolean focal;
  private final boolean crossEntropy;
  private final float smoothing;
  private final float spread;
  private final boolean softmaxFocal;
  private final float gamma;
  private final float[] crossEntropyFactors;
  private final float[] softmaxFocalFactors;
  private final ElementLoss element;

  private final float[] x;
  private final float[] p;
  private final float[] q;
  private final float[] logP;
  private final float[] slopes;

  // the pixel: its likeliest class, the slope in that class's probability that the others are
  // measured from, and the sum of the slopes of the others
  private int first;
  private float anchor;
  private float others;

  /**
   * Prepares a loss.
   *
   * @param spec the loss
   */
  public ClassLoss(FusedLossSpec spec) {
    this.classes = spec.classes();
    this.form = spec.truePositiveForm();
    this.probabilities = spec.input() == LossInput.PROBABILITIES;
    this.overlap = spec.hasOverlap();
    this.focal = spec.find(LossTerm.Focal.class) != null;
    LossScalars scalars = LossScalars.of(spec);
    this.crossEntropy = spec.find(LossTerm.CrossEntropy.class) != null;
    this.smoothing = scalars.crossEntropySmoothing();
    this.spread = scalars.crossEntropySpread();
    this.softmaxFocal = spec.find(LossTerm.SoftmaxFocal.class) != null;
    this.gamma = scalars.softmaxFocalGamma();
    this.crossEntropyFactors = scalars.crossEntropy();
    this.softmaxFocalFactors = scalars.softmaxFocal();
    this.element = new ElementLoss(spec);
    this.x = new float[classes];
    this.p = new float[classes];
    this.q = new float[classes];
    this.logP = new float[classes];
    this.slopes = new float[classes];
  }

  /** Takes one class's logit or probability of the next pixel; {@link #pixel} follows. */
  void input(int c, float value) {
    x[c] = value;
  }

  /** Computes the probabilities, once all inputs are there. */
  void pixel() {
    if (probabilities) {
      for (int c = 0; c < classes; c++) {
        p[c] = x[c];
        q[c] = 1 - x[c];
        logP[c] = FloatMath.log(Math.max(x[c], FusedLossSpec.LEAST_PROBABILITY));
      }
      return;
    }
    first = 0;
    for (int c = 1; c < classes; c++) {
      first = x[c] > x[first] ? c : first;
    }
    float largest = x[first];
    // a NaN is in no difference where it is alone
    float rest = Float.isNaN(largest) ? largest : 0;
    for (int c = 0; c < classes; c++) {
      rest += c == first ? 0 : FloatMath.exp(x[c] - largest);
    }
    float inverse = 1.0f / (1.0f + rest);
    float logNorm = rest <= 1.0f ? FloatMath.log1pUnit(rest) : FloatMath.log(1.0f + rest);
    for (int c = 0; c < classes; c++) {
      if (c == first) {
        p[c] = inverse;
        q[c] = rest * inverse;
        logP[c] = -logNorm;
      } else {
        p[c] = FloatMath.exp(x[c] - largest) * inverse;
        q[c] = 1 - p[c];
        logP[c] = (x[c] - largest) - logNorm;
      }
    }
  }

  /**
   * Adds one class to its segment's sums; what belongs to the pixel goes to those of class 0.
   *
   * @param c the class
   * @param t its target
   * @param sums {@link LossSums#COUNT} per segment
   * @param at where those of the pixel's class 0 begin
   */
  void add(int c, float t, double[] sums, int at) {
    int own = at + c * LossSums.COUNT;
    if (overlap) {
      ElementLoss.addOverlap(form, p[c], q[c], t, sums, own);
    }
    if (focal) {
      element.addFocal(x[c], t, sums, own);
    }
    if (crossEntropy) {
      float share = share(c, t);
      sums[at + LossSums.CROSS_ENTROPY] -= share == 0 ? 0 : share * logP[c];
    }
    if (softmaxFocal && t != 0) {
      float factor = softmaxFocalFactors[c];
      sums[at + LossSums.SOFTMAX_FOCAL] -= factor * t * focalWeight(c) * logP[c];
    }
  }

  /** Adds what the pixel's target weighs in the cross-entropy's divisor; 1 for a faulty label. */
  void addWeight(int label, double[] sums, int at) {
    boolean valid = label >= 0 && label < classes;
    sums[at + LossSums.CROSS_ENTROPY_WEIGHT] += valid ? crossEntropyFactors[label] : 1;
  }

  /**
   * Starts the slopes of a pixel. Its gradient does not change if all slopes in the classes'
   * probabilities, whose sum is 1, do by the same amount; measured from that of the likeliest class
   * no difference of large numbers is left.
   *
   * @return the likeliest class, whose target {@link #anchor} wants
   */
  int first() {
    others = 0;
    return probabilities ? 0 : first;
  }

  /** Takes the target of the likeliest class. */
  void anchor(float t, float[] k, int at) {
    int own = at + first * LossCoefficients.COUNT;
    boolean anchored = overlap && !probabilities;
    anchor = anchored ? ElementLoss.overlapGradient(form, k, own, p[first], q[first], t) : 0;
  }

  /** Computes the slope of one class; {@link #gradient} follows once all are there. */
  void slope(int c, float t, float[] k, int at) {
    int own = at + c * LossCoefficients.COUNT;
    float r = 0;
    float divisor = probabilities ? Math.max(p[c], FusedLossSpec.LEAST_PROBABILITY) : 1;
    if (overlap && (probabilities || c != first)) {
      float g = ElementLoss.overlapGradient(form, k, own, p[c], q[c], t);
      r = probabilities ? g : (g - anchor) * p[c];
    }
    if (crossEntropy) {
      r -= k[own + LossCoefficients.CROSS_ENTROPY] * share(c, t) / divisor;
    }
    if (softmaxFocal && t != 0) {
      float growth = FloatMath.fma(gamma, odds(c), 1.0f);
      float factor = k[own + LossCoefficients.SOFTMAX_FOCAL] * softmaxFocalFactors[c];
      r -= factor * t * focalWeight(c) * growth / divisor;
    }
    slopes[c] = r;
    others += c == first ? 0 : r;
  }

  /** p times -ln p / (1 - p): 1 where the latter vanish, 0 where p does. */
  private float odds(int c) {
    return p[c] == 0 ? 0 : (q[c] == 0 ? 1 : -p[c] * logP[c] / q[c]);
  }

  /** Computes the gradient of one class's input. */
  float gradient(int c, float t, float[] k, int at) {
    float r = slopes[c];
    float rest = c == first ? others : (others - r) + slopes[first];
    // classes that only focal losses see do not depend on one another, not even by a NaN
    boolean coupled = !probabilities && (overlap || crossEntropy || softmaxFocal);
    float g = coupled ? FloatMath.fma(r, q[c], -(p[c] * rest)) : r;
    return focal ? g + element.focalGradient(x[c], t, k, at + c * LossCoefficients.COUNT) : g;
  }

  private float share(int c, float t) {
    return crossEntropyFactors[c] * (t * (1.0f - smoothing) + spread);
  }

  private float focalWeight(int c) {
    return gamma == 0 ? 1 : FloatMath.exp(gamma * FloatMath.log(q[c]));
  }
}
