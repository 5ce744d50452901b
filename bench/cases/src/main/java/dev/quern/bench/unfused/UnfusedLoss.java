package dev.quern.bench.unfused;

import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossTerm;
import org.jspecify.annotations.Nullable;

/**
 * A fused loss in plain tensor operations.
 *
 * @param value the loss
 * @param gradient its derivative with respect to what the loss is given, (images, classes, pixels)
 */
public record UnfusedLoss(double value, Tensor gradient) {

  /**
   * Computes the loss.
   *
   * @param spec the fused loss; its counts are left out
   * @param extent the batch
   * @param input F32 logits or probabilities, (images, classes, pixels) in any shape
   * @param target of the specification's target dtype, in any shape
   * @param weight F32 factors of the binary cross-entropy, like the input; null exactly if no term
   *     is weighted
   * @return value and gradient; the gradient is owned by the current scope
   */
  public static UnfusedLoss of(
      FusedLossSpec spec, LossExtent extent, Tensor input, Tensor target, @Nullable Tensor weight) {
    Batch batch = Batch.of(spec, extent, input, target, weight);
    double value = 0;
    for (WeightedTerm weighted : spec.terms()) {
      double factor = weighted.weight();
      value +=
          factor
              * switch (weighted.term()) {
                case LossTerm.Overlap term -> Overlap.add(term, factor, batch);
                case LossTerm.Bce term -> BinaryCrossEntropy.add(term, factor, batch);
                case LossTerm.Focal term -> Focal.add(term, factor, batch);
                case LossTerm.CrossEntropy term -> CrossEntropy.add(term, factor, batch);
                case LossTerm.SoftmaxFocal term -> SoftmaxFocal.add(term, factor, batch);
              };
    }
    return new UnfusedLoss(value, batch.gradient());
  }
}
