package dev.quern.bench.random;

import dev.quern.Tensor;
import dev.quern.bench.definition.Batch;
import dev.quern.bench.definition.LossDefinition.Form;
import dev.quern.bench.definition.LossDefinition.Weighted;
import dev.quern.bench.definition.LossOptions;
import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.FocalLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.OverlapLoss;
import dev.quern.loss.Reduction;
import dev.quern.loss.ReducedLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.SingleLoss;
import dev.quern.loss.TverskyLoss;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Makes the losses of the public interface that a drawn definition describes. */
final class LossFactory {
  private final Mode mode;
  private final Batch batch;
  private final Form form;
  private final boolean perImage;
  private final @Nullable Tensor weight;

  LossFactory(Mode mode, Batch batch, Form form, boolean perImage, @Nullable Tensor weight) {
    this.mode = mode;
    this.batch = batch;
    this.form = form;
    this.perImage = perImage;
    this.weight = weight;
  }

  SegmentationLoss sum(List<Weighted> parts) {
    SegmentationLoss sum = null;
    for (Weighted part : parts) {
      SegmentationLoss loss = loss(part.options());
      SegmentationLoss weighted = part.weight() == 1 ? loss : loss.times(part.weight());
      sum = sum == null ? weighted : sum.plus(weighted);
    }
    if (sum == null) {
      throw new IllegalArgumentException("A loss has at least one term.");
    }
    return sum;
  }

  private SegmentationLoss loss(LossOptions options) {
    return switch (options) {
      case LossOptions.Overlap o -> overlap(o);
      case LossOptions.Bce o -> bce(o);
      case LossOptions.Focal o -> focal(o);
      case LossOptions.CrossEntropy o -> crossEntropy(o);
      case LossOptions.SoftmaxFocal o -> softmaxFocal(o);
    };
  }

  private SegmentationLoss overlap(LossOptions.Overlap o) {
    boolean even = o.alpha() == o.beta() && o.gamma() == 1;
    if (even && o.alpha() == 0.5) {
      return overlap(new DiceLoss(), o);
    }
    return even && o.alpha() == 1
        ? overlap(new JaccardLoss(), o)
        : overlap(new TverskyLoss().alpha(o.alpha()).beta(o.beta()).gamma(o.gamma()), o);
  }

  private <L extends OverlapLoss<L>> L overlap(L plain, LossOptions.Overlap o) {
    L loss =
        framed(plain)
            .smooth(o.numerator(), o.denominator())
            .eps(o.eps())
            .logLoss(o.logLoss())
            .absentIsZero(o.absentIsZero())
            .truePositives(TruePositiveForm.valueOf(form.name()))
            .perImage(perImage);
    List<Double> shares = o.shares();
    if (shares.isEmpty()) {
      return loss;
    }
    int[] present = IntStream.range(0, shares.size()).filter(c -> shares.get(c) > 0).toArray();
    return loss.classes(present).classWeights(array(shares));
  }

  private SegmentationLoss bce(LossOptions.Bce o) {
    BceLoss loss = reduced(new BceLoss(), o.mean()).labelSmoothing(o.smoothing());
    loss = o.positive().isEmpty() ? loss : loss.positiveWeight(array(o.positive()));
    return weight == null ? loss : loss.weight(weight);
  }

  private SegmentationLoss focal(LossOptions.Focal o) {
    FocalLoss loss = o.linear() ? FocalLoss.torchvision().withoutAlpha() : new FocalLoss();
    loss = reduced(loss, o.mean()).gamma(o.gamma()).normalized(o.normalized());
    loss = o.alpha() < 0 ? loss : loss.alpha(o.alpha());
    loss = o.threshold() == 0 ? loss : loss.reducedThreshold(o.threshold());
    return o.shares().isEmpty() ? loss : loss.classWeights(array(o.shares()));
  }

  private SegmentationLoss crossEntropy(LossOptions.CrossEntropy o) {
    CrossEntropyLoss loss = reduced(new CrossEntropyLoss(), o.mean()).labelSmoothing(o.smoothing());
    return o.weights().isEmpty() ? loss : loss.classWeights(array(o.weights()));
  }

  private SegmentationLoss softmaxFocal(LossOptions.SoftmaxFocal o) {
    FocalLoss loss = reduced(FocalLoss.softmax(), o.mean()).gamma(o.gamma());
    return o.alpha() < 0 ? loss : loss.alpha(o.alpha());
  }

  private <L extends ReducedLoss<L>> L reduced(L plain, boolean mean) {
    return framed(plain).reduction(mean ? Reduction.MEAN : Reduction.SUM);
  }

  private <L extends SingleLoss<L>> L framed(L plain) {
    L loss = plain.mode(mode);
    loss = batch.probabilities() ? loss.fromProbabilities() : loss;
    Integer ignored = batch.ignored();
    return ignored == null ? loss : loss.ignoreIndex(ignored);
  }

  private static double[] array(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
