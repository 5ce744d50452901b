package dev.quern.bench.definition;

import java.util.ArrayList;
import java.util.List;

/** A weighted sum of losses over one batch: its value, and the derivatives pixel by pixel. */
public final class LossDefinition {
  /** How true positives are counted. */
  public enum Form {
    /** The sum of min(p, t). */
    MIN,
    /** The sum of p t. */
    PRODUCT,
    /** The sum of p t; P and T are sums of squares. */
    SQUARED
  }

  /**
   * A term and its weight.
   *
   * @param options the term
   * @param weight its factor
   */
  public record Weighted(LossOptions options, double weight) {}

  private final Batch batch;
  private final List<Weighted> parts;
  private final List<Term> terms = new ArrayList<>();
  private final Pixel pixel;
  private final Slopes own;

  /**
   * Computes a loss.
   *
   * @param batch what it is computed of
   * @param parts the terms
   * @param form how overlap terms count true positives
   * @param perImage whether overlap terms take scores per image
   * @param sides the answers to undecided comparisons
   */
  public LossDefinition(
      Batch batch, List<Weighted> parts, Form form, boolean perImage, Sides sides) {
    this(batch, parts, form, perImage, sides, 0, batch.count());
  }

  /** Computes a loss of the pixels from the first to before the end. */
  LossDefinition(
      Batch batch,
      List<Weighted> parts,
      Form form,
      boolean perImage,
      Sides sides,
      int first,
      int end) {
    this.batch = batch;
    this.parts = parts;
    this.pixel = Pixel.of(batch);
    this.own = new Slopes(pixel.size);
    for (Weighted part : parts) {
      terms.add(
          switch (part.options()) {
            case LossOptions.Overlap o -> new OverlapTerm(o, form, perImage, batch);
            case LossOptions.Bce o -> new BceTerm(o, batch);
            case LossOptions.Focal o -> new FocalTerm(o, batch);
            case LossOptions.CrossEntropy o -> new CrossEntropyTerm(o, batch);
            case LossOptions.SoftmaxFocal o -> new SoftmaxFocalTerm(o, batch);
            case LossOptions.Lovasz o -> new LovaszTerm(o, batch);
          });
    }
    for (int i = first; i < end; i++) {
      if (!batch.isIgnored(i)) {
        pixel.read(batch, i);
        terms.forEach(term -> term.add(pixel, sides));
      }
    }
    terms.forEach(term -> term.finish(sides));
  }

  /** {@return the value} */
  public double value() {
    double value = 0;
    for (int i = 0; i < terms.size(); i++) {
      value += parts.get(i).weight() * terms.get(i).value();
    }
    return value;
  }

  /** {@return the sum of the absolute values of what the value is made of} */
  public double absolute() {
    double sum = 0;
    for (int i = 0; i < terms.size(); i++) {
      sum += Math.abs(parts.get(i).weight() * terms.get(i).absolute());
    }
    return sum;
  }

  /**
   * Computes the derivatives with respect to a pixel's inputs.
   *
   * @param i the pixel
   * @param sides the answers to undecided comparisons
   * @param upstream a factor
   * @param slopes receives them
   */
  void gradient(int i, Sides sides, double upstream, Slopes slopes) {
    slopes.clear();
    if (batch.isIgnored(i)) {
      return;
    }
    pixel.read(batch, i);
    for (int k = 0; k < terms.size(); k++) {
      own.clear();
      terms.get(k).addGradient(pixel, sides, own);
      slopes.add(parts.get(k).weight() * upstream, own);
    }
  }

  /** A loss as f32 can hold it: beyond its range infinite. */
  static double inFloat(double loss) {
    return Math.abs(loss) > Float.MAX_VALUE ? Math.copySign(Double.POSITIVE_INFINITY, loss) : loss;
  }
}
