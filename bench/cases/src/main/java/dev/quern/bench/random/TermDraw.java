package dev.quern.bench.random;

import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossOptions;
import dev.quern.loss.Mode;
import java.util.ArrayList;
import java.util.List;

/** Draws the terms of a fused loss. */
final class TermDraw {
  private final Draw draw;
  private final Mode mode;
  private final int classes;
  private final Form form;
  private final Values.Style style;

  TermDraw(Draw draw, Mode mode, int classes, Form form, Values.Style style) {
    this.draw = draw;
    this.mode = mode;
    this.classes = classes;
    this.form = form;
    this.style = style;
  }

  List<Weighted> terms() {
    int count = draw.of(1, 1, 1, 2, 2, 3);
    List<Weighted> terms = new ArrayList<>();
    List<Integer> kinds = new ArrayList<>();
    while (terms.size() < count) {
      int kind = draw.below(mode == Mode.MULTICLASS ? 5 : 4);
      // overlaps of any kind, of the others one each
      if (kind > 1 && kinds.contains(kind)) {
        continue;
      }
      kinds.add(kind);
      terms.add(new Weighted(term(kind), weight(count)));
    }
    return List.copyOf(terms);
  }

  private double weight(int count) {
    return count == 1 && draw.chance(0.8) ? 1 : draw.of(1, 0.5, 2, 0.25, draw.option(0.1, 3));
  }

  private LossOptions term(int kind) {
    return switch (kind) {
      case 0, 1 -> overlap();
      case 2 -> focal();
      case 3 -> mode == Mode.MULTICLASS ? crossEntropy() : bce();
      default -> new LossOptions.SoftmaxFocal(draw.coin(), gamma(), alpha());
    };
  }

  private double gamma() {
    return draw.of(2, 2, 0, 0.5, 1, 1.5, 3, 5);
  }

  private double alpha() {
    return draw.chance(0.5) ? -1 : draw.of(0.25, 0.5, draw.option(0.05, 0.95));
  }

  private LossOptions overlap() {
    double alpha = 0.5;
    double beta = 0.5;
    double gamma = 1;
    switch (draw.below(3)) {
      case 0 -> {}
      case 1 -> {
        alpha = 1;
        beta = 1;
      }
      default -> {
        alpha = draw.of(0.3, 0.5, 0.7, 0, draw.option(0, 2));
        beta = draw.of(0.7, 0.5, 0.3, 1, draw.option(0.1, 2));
        gamma = draw.of(1, 1, 0.5, 0.75, 4.0 / 3, 2);
      }
    }
    double numerator = draw.of(0, 0, 1e-5, 1, draw.option(0, 2));
    double denominator = draw.chance(0.8) ? numerator : numerator + draw.option(0, 1);
    boolean negative = form == Form.SQUARED && alpha > beta;
    boolean tiny = style == Values.Style.SURE || style == Values.Style.EXTREME;
    gamma = negative || (gamma < 1 && tiny) || style == Values.Style.INFINITE ? 1 : gamma;
    return new LossOptions.Overlap(
        alpha,
        beta,
        gamma,
        numerator,
        denominator,
        draw.of(1e-7, 1e-7, 1e-5),
        draw.chance(0.25),
        draw.chance(0.6),
        shares(true));
  }

  /** Weights with sum 1, of some classes only if so allowed; mostly none. */
  private List<Double> shares(boolean some) {
    if (mode == Mode.BINARY || draw.chance(0.7)) {
      return List.of();
    }
    boolean equal = some && draw.coin();
    double[] weights = new double[classes];
    double sum = 0;
    for (int c = 0; c < classes; c++) {
      boolean left = some && style != Values.Style.NAN && style != Values.Style.INFINITE;
      weights[c] = left && c > 0 && draw.chance(0.3) ? 0 : equal ? 1 : draw.uniform(0.1, 3);
      sum += weights[c];
    }
    List<Double> shares = new ArrayList<>();
    for (double weight : weights) {
      shares.add(weight / sum);
    }
    return List.copyOf(shares);
  }

  private List<Double> factors() {
    if (draw.chance(0.6)) {
      return List.of();
    }
    List<Double> factors = new ArrayList<>();
    for (int c = 0; c < classes; c++) {
      factors.add(draw.chance(0.1) ? 0 : draw.option(0.1, 5));
    }
    return List.copyOf(factors);
  }

  private double smoothing() {
    return draw.chance(0.6) ? 0 : draw.of(0.1, 0.05, draw.option(0, 0.5));
  }

  private LossOptions bce() {
    return new LossOptions.Bce(draw.coin(), smoothing(), factors());
  }

  private LossOptions crossEntropy() {
    return new LossOptions.CrossEntropy(draw.coin(), smoothing(), factors());
  }

  private LossOptions focal() {
    boolean normalized =
        draw.chance(0.25) && style != Values.Style.INFINITE && style != Values.Style.EXTREME;
    return new LossOptions.Focal(
        draw.coin(),
        gamma(),
        alpha(),
        draw.chance(0.75) ? 0 : draw.of(0.5, draw.option(0.1, 0.9)),
        draw.chance(0.3),
        normalized,
        shares(false));
  }
}
