package dev.quern.bench;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossInput;
import dev.quern.spi.LossTerm;

/**
 * A fused loss in plain tensor operations, one kernel each: the executable definition that the
 * fused kernels must agree with. For logits of moderate size: the stable forms are the fused
 * kernels' own.
 *
 * @param value the loss
 * @param gradient its derivative with respect to the logits
 */
public record UnfusedLoss(double value, Tensor gradient) {

  /**
   * {@return whether tensor operations suffice: one class, overlap and plain cross-entropy of
   * logits}
   *
   * @param spec the fused loss
   */
  public static boolean covers(FusedLossSpec spec) {
    return spec.layout() == FusedLossSpec.Layout.ELEMENTS
        && spec.input() == LossInput.LOGITS
        && spec.classes() == 1
        && !spec.perImage()
        && (spec.targetDtype() == DType.U8 || spec.targetDtype() == DType.F32)
        && spec.terms().stream()
            .allMatch(weighted ->
                switch (weighted.term()) {
                  case LossTerm.Overlap term -> term.absentIsZero();
                  case LossTerm.Bce bce -> bce.equals(new LossTerm.Bce(bce.mean()));
                  case LossTerm.Focal term -> false;
                  case LossTerm.CrossEntropy term -> false;
                  case LossTerm.SoftmaxFocal term -> false;
                });
  }

  /**
   * Computes the loss.
   *
   * @param spec the fused loss
   * @param logits F32
   * @param target of the specification's target dtype, shaped like the logits
   * @return value and gradient; the gradient is owned by the current scope
   */
  public static UnfusedLoss of(FusedLossSpec spec, Tensor logits, Tensor target) {
    Engine engine = logits.engine();
    Shape shape = logits.shape();
    Integer ignoreIndex = spec.ignoreIndex();
    Tensor mask =
        ignoreIndex == null ? full(engine, shape, 1) : target.notEqual(ignoreIndex.floatValue());
    Tensor t = target.toF32().where(mask);
    Tensor x = logits.where(mask);
    Tensor p = x.sigmoid().where(mask);
    boolean squared = spec.truePositiveForm() == TruePositiveForm.SQUARED;
    Tensor smaller = p.minimum(t);
    Tensor common = spec.truePositiveForm() == TruePositiveForm.MIN ? smaller : p.multiply(t);
    double truePositives = common.sum().item();
    double predicted = (squared ? p.multiply(p) : p).sum().item();
    double actual = (squared ? t.multiply(t) : t).sum().item();
    double crossEntropy = x.softplus().subtract(x.multiply(t)).where(mask).sum().item();

    Tensor slope = p.subtract(p.multiply(p));
    Tensor overlapSlope =
        switch (spec.truePositiveForm()) {
          case MIN -> stepOf(engine, p, t, smaller);
          case PRODUCT, SQUARED -> t;
        };
    Tensor massSlope = squared ? p.scale(2) : full(engine, shape, 1);
    Tensor gradient = full(engine, shape, 0);
    double value = 0;
    for (WeightedTerm weighted : spec.terms()) {
      double weight = weighted.weight();
      switch (weighted.term()) {
        case LossTerm.Bce bce -> {
          double share = weight / (bce.mean() ? shape.elements() : 1);
          value += share * crossEntropy;
          gradient = gradient.add(p.subtract(t).scale((float) share));
        }
        case LossTerm.Focal term -> throw unsupported(term);
        case LossTerm.CrossEntropy term -> throw unsupported(term);
        case LossTerm.SoftmaxFocal term -> throw unsupported(term);
        case LossTerm.Overlap term -> {
          if (actual > 0) {
            double divisor =
                truePositives
                    + term.alpha() * (predicted - truePositives)
                    + term.beta() * (actual - truePositives)
                    + term.smoothDenominator();
            double score = (truePositives + term.smoothNumerator()) / divisor;
            double plain = term.logLoss() ? -Math.log(score) : 1 - score;
            value += weight * Math.pow(plain, term.gamma());
            double outer =
                -weight
                    * term.gamma()
                    * Math.pow(plain, term.gamma() - 1)
                    / (term.logLoss() ? score : 1)
                    / divisor;
            double rest = 1 - term.alpha() - term.beta();
            Tensor scoreSlope =
                overlapSlope
                    .scale((float) (outer * (1 - score * rest)))
                    .subtract(massSlope.scale((float) (outer * score * term.alpha())));
            gradient = gradient.add(scoreSlope.multiply(slope));
          }
        }
      }
    }
    return new UnfusedLoss(value, gradient.where(mask));
  }

  /** How min(p, t) grows with p: 1 below t, 0 above, one half at t. */
  private static Tensor stepOf(Engine engine, Tensor p, Tensor t, Tensor smaller) {
    Tensor below = t.subtract(smaller).notEqual(0);
    Tensor above = p.subtract(smaller).notEqual(0);
    return below.subtract(above).scale(0.5f).add(full(engine, p.shape(), 0.5));
  }

  private static Tensor full(Engine engine, Shape shape, double value) {
    Tensor tensor = engine.empty(DType.F32, shape);
    tensor.fill(value);
    return tensor;
  }

  private static UnsupportedOperationException unsupported(LossTerm term) {
    return new UnsupportedOperationException(
        "Tensor operations do not suffice yet for an unfused " + term + ".");
  }
}
