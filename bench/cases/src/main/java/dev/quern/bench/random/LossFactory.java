package dev.quern.bench.random;

import dev.quern.Tensor;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossOptions;
import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.FocalLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.OverlapLoss;
import dev.quern.loss.Reduction;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.SingleLoss;
import dev.quern.loss.TverskyLoss;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes the losses that users would make. */
final class LossFactory {
  private LossFactory() {}

  static SegmentationLoss loss(LossCase drawn, @Nullable Tensor weight) {
    SegmentationLoss sum = null;
    for (Weighted part : drawn.parts()) {
      SegmentationLoss one = framed(drawn, single(drawn, part.options(), weight));
      if (part.weight() != 1 || drawn.parts().size() > 1) {
        one = part.weight() == 1 ? one : one.times(part.weight());
      }
      sum = sum == null ? one : sum.plus(one);
    }
    if (sum == null) {
      throw new IllegalArgumentException("A loss has at least one term.");
    }
    return sum;
  }

  /** The only term of a case, without reduction. */
  static SegmentationLoss ofEach(LossCase drawn, @Nullable Tensor weight) {
    return switch (single(drawn, drawn.parts().getFirst().options(), weight)) {
      case BceLoss bce -> framed(drawn, bce.reduction(Reduction.NONE));
      case FocalLoss focal -> framed(drawn, focal.reduction(Reduction.NONE));
      case CrossEntropyLoss cross -> framed(drawn, cross.reduction(Reduction.NONE));
      case OverlapLoss<?> _, LovaszLoss _ ->
          throw new IllegalArgumentException(drawn.describe() + " has no losses of pixels.");
    };
  }

  private static <L extends SingleLoss<L>> SegmentationLoss framed(
      LossCase drawn, SingleLoss<L> single) {
    L loss = single.mode(drawn.mode());
    if (drawn.batch().probabilities()) {
      loss = loss.fromProbabilities();
    }
    Integer ignored = drawn.batch().ignored();
    return ignored == null ? loss : loss.ignoreIndex(ignored);
  }

  private static SingleLoss<?> single(
      LossCase drawn, LossOptions options, @Nullable Tensor weight) {
    return switch (options) {
      case LossOptions.Overlap o -> overlap(drawn, o);
      case LossOptions.Bce o -> {
        BceLoss bce = new BceLoss().reduction(reduction(o.mean())).labelSmoothing(o.smoothing());
        bce = o.positive().isEmpty() ? bce : bce.positiveWeight(array(o.positive()));
        yield weight == null ? bce : bce.weight(weight);
      }
      case LossOptions.Focal o -> focal(o);
      case LossOptions.CrossEntropy o -> {
        CrossEntropyLoss cross =
            new CrossEntropyLoss().reduction(reduction(o.mean())).labelSmoothing(o.smoothing());
        yield o.weights().isEmpty() ? cross : cross.classWeights(array(o.weights()));
      }
      case LossOptions.SoftmaxFocal o -> {
        FocalLoss focal = FocalLoss.softmax().gamma(o.gamma()).reduction(reduction(o.mean()));
        yield o.alpha() < 0 ? focal : focal.alpha(o.alpha());
      }
      case LossOptions.Lovasz o -> lovasz(o);
    };
  }

  private static LovaszLoss lovasz(LossOptions.Lovasz o) {
    LovaszLoss loss = new LovaszLoss().perImage(o.perImage());
    return switch (o.classes()) {
      case PRESENT -> loss;
      case ALL -> loss.allClasses();
      case LISTED -> loss.classes(o.listed().stream().mapToInt(Integer::intValue).toArray());
    };
  }

  private static FocalLoss focal(LossOptions.Focal o) {
    FocalLoss focal = o.linear() ? FocalLoss.torchvision().withoutAlpha() : new FocalLoss();
    focal = focal.gamma(o.gamma()).reduction(reduction(o.mean())).normalized(o.normalized());
    focal = o.alpha() < 0 ? focal : focal.alpha(o.alpha());
    focal = o.threshold() > 0 ? focal.reducedThreshold(o.threshold()) : focal;
    return o.shares().isEmpty() ? focal : focal.classWeights(array(o.shares()));
  }

  private static OverlapLoss<?> overlap(LossCase drawn, LossOptions.Overlap o) {
    boolean plain = o.gamma() == 1 && o.alpha() == o.beta();
    if (plain && o.alpha() == 0.5) {
      return configured(drawn, new DiceLoss(), o);
    }
    if (plain && o.alpha() == 1) {
      return configured(drawn, new JaccardLoss(), o);
    }
    TverskyLoss tversky = new TverskyLoss().alpha(o.alpha()).beta(o.beta()).gamma(o.gamma());
    return configured(drawn, tversky, o);
  }

  private static <L extends OverlapLoss<L>> L configured(
      LossCase drawn, OverlapLoss<L> overlap, LossOptions.Overlap o) {
    TruePositiveForm form =
        switch (drawn.form()) {
          case MIN -> TruePositiveForm.MIN;
          case PRODUCT -> TruePositiveForm.PRODUCT;
          case SQUARED -> TruePositiveForm.SQUARED;
        };
    L loss =
        overlap
            .smooth(o.numerator(), o.denominator())
            .eps(o.eps())
            .logLoss(o.logLoss())
            .absentIsZero(o.absentIsZero())
            .truePositives(form)
            .perImage(drawn.perImage());
    if (o.shares().isEmpty()) {
      return loss;
    }
    int[] classes =
        java.util.stream.IntStream.range(0, o.shares().size())
            .filter(c -> o.shares().get(c) > 0)
            .toArray();
    return loss.classes(classes).classWeights(array(o.shares()));
  }

  private static Reduction reduction(boolean mean) {
    return mean ? Reduction.MEAN : Reduction.SUM;
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
