package dev.quern.bench.definition;

import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Compares value and gradient of a loss with its definition. */
public final class LossJudge {
  private final Batch batch;
  private final List<Weighted> parts;
  private final Form form;
  private final boolean perImage;
  private final double upstream;
  private final int size;

  /**
   * Prepares a comparison.
   *
   * @param batch what the loss is computed of
   * @param parts its terms
   * @param form how overlap terms count true positives
   * @param perImage whether overlap terms take scores per image
   * @param upstream the factor of the gradient
   */
  public LossJudge(
      Batch batch, List<Weighted> parts, Form form, boolean perImage, double upstream) {
    this.batch = batch;
    this.parts = List.copyOf(parts);
    this.form = form;
    this.perImage = perImage;
    this.upstream = upstream;
    this.size = batch.layout() == Batch.Layout.ELEMENTS ? 1 : batch.classes();
  }

  /**
   * Judges a result.
   *
   * @param value the value
   * @param gradient the gradient, or null if none was asked for
   * @return what is wrong with them
   */
  public Verdict judge(float value, float @Nullable [] gradient) {
    Sides sides = new Sides();
    Verdict first = judge(value, gradient, sides);
    if (first.failure() == null) {
      return first;
    }
    while (sides.next()) {
      if (judge(value, gradient, sides).failure() == null) {
        return new Verdict(null, true);
      }
    }
    return first;
  }

  /**
   * Judges the losses of single elements or pixels.
   *
   * @param losses one for each; the terms are sums, not means
   * @return what is wrong with them
   */
  public Verdict judgeEach(float[] losses) {
    for (int i = 0; i < losses.length; i++) {
      Sides sides = new Sides();
      double right;
      boolean near;
      do {
        sides.again();
        var loss = new LossDefinition(batch, parts, form, perImage, sides, i, i + 1);
        right = loss.value();
        double slack =
            Math.max(Tolerances.SINGLE * Math.abs(right), Tolerances.TERMS * loss.absolute());
        // weights, up to 15 together, multiply what a number below all normal ones has lost
        near = Tolerances.near(right, losses[i], slack + 16 * Tolerances.SUBNORMAL);
      } while (!near && sides.next());
      if (!near) {
        return Verdict.wrong("loss[%d] %.9g in place of %.9g".formatted(i, losses[i], right));
      }
    }
    return Verdict.RIGHT;
  }

  private Verdict judge(float value, float @Nullable [] gradient, Sides sides) {
    var loss = new LossDefinition(batch, parts, form, perImage, sides);
    int count = batch.count();
    var slopes = new Slopes(size);
    double[] expected = new double[count * size];
    double largest = 0;
    double steepest = 0;
    for (int i = 0; i < count; i++) {
      loss.gradient(i, new Sides(), upstream, slopes);
      for (int c = 0; c < size; c++) {
        expected[i * size + c] = slopes.g[c];
        double magnitude = Math.abs(LossDefinition.inFloat(slopes.g[c]));
        largest = Double.isFinite(magnitude) ? Math.max(largest, magnitude) : largest;
      }
      steepest = finiteMax(steepest, slopes.steepest);
    }
    double granule = Tolerances.SUBNORMAL * (1 + steepest);
    double right = loss.value();
    double valueSlack =
        Math.max(Tolerances.VALUE * Math.abs(right), Tolerances.TERMS * loss.absolute());
    if (!Tolerances.near(right, value, valueSlack + granule * (1 + count))) {
      return Verdict.wrong(
          "value %.9g in place of %.9g, off by %.2g, allowed %.2g"
              .formatted(value, right, Math.abs(value - right), valueSlack));
    }
    if (gradient == null) {
      return Verdict.RIGHT;
    }
    double slack = Tolerances.GRADIENT * largest + granule;
    boolean chose = false;
    for (int i = 0; i < count; i++) {
      int wrong = wrongClass(expected, i * size, i, gradient, slack);
      if (wrong < 0) {
        continue;
      }
      if (!otherSide(loss, i, slopes, gradient, slack)) {
        double e = expected[i * size + wrong];
        float g = gradient[batch.index(i, wrong)];
        return Verdict.wrong(
            "gradient[%d] %.9g in place of %.9g, off by %.2g of the largest, %.4g"
                .formatted(batch.index(i, wrong), g, e, Math.abs(g - e) / largest, largest));
      }
      chose = true;
    }
    return new Verdict(null, chose);
  }

  private static double finiteMax(double a, double b) {
    return Double.isFinite(b) ? Math.max(a, b) : a;
  }

  /** Whether other answers at the pixel's jumps, or another order, make its gradient right. */
  private boolean otherSide(
      LossDefinition loss, int i, Slopes slopes, float[] gradient, double slack) {
    Sides sides = new Sides();
    do {
      sides.again();
      loss.gradient(i, sides, upstream, slopes);
      if (wrongClass(slopes.g, 0, i, gradient, slack) < 0
          || isInOrder(slopes, i, gradient, slack)) {
        return true;
      }
    } while (sides.next());
    return false;
  }

  private boolean isInOrder(Slopes slopes, int i, float[] gradient, double slack) {
    for (int c = 0; c < size; c++) {
      float g = gradient[batch.index(i, c)];
      if (!Tolerances.near(slopes.g[c], g, slack + slopes.spread[c])) {
        return false;
      }
    }
    return true;
  }

  /** The first class whose derivative is not as expected, or -1. */
  private int wrongClass(double[] expected, int at, int i, float[] gradient, double slack) {
    for (int c = 0; c < size; c++) {
      if (!Tolerances.near(expected[at + c], gradient[batch.index(i, c)], slack)) {
        return c;
      }
    }
    return -1;
  }
}
