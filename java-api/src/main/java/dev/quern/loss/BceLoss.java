package dev.quern.loss;

import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossTerm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Binary cross-entropy of logits: max(x, 0) - x t + ln(1 + e^-|x|) per pixel, averaged or summed.
 *
 * <p>Source: PyTorch's {@code BCEWithLogitsLoss}, and with an ignore index {@code
 * SoftBCEWithLogitsLoss} of segmentation_models.pytorch, whose mean divides by the number of all
 * pixels, ignored ones included. Unlike there, an infinite logit on the target's side costs 0
 * instead of NaN, and whatever stands in ignored pixels changes nothing.
 */
public final class BceLoss extends SegmentationLoss {
  private final boolean mean;
  private final @Nullable Integer ignoreIndex;

  /** Creates the loss with reduction mean and nothing ignored. */
  public BceLoss() {
    this(true, null);
  }

  private BceLoss(boolean mean, @Nullable Integer ignoreIndex) {
    this.mean = mean;
    this.ignoreIndex = ignoreIndex;
  }

  /**
   * Sums over the pixels instead of averaging.
   *
   * @return a loss that differs in this
   */
  public BceLoss sum() {
    return new BceLoss(false, ignoreIndex);
  }

  /**
   * Leaves pixels out.
   *
   * @param target the target value whose pixels are ignored
   * @return a loss that differs in this
   */
  public BceLoss ignoreIndex(int target) {
    return new BceLoss(mean, target);
  }

  @Override
  List<WeightedTerm> terms() {
    return List.of(new WeightedTerm(new LossTerm.Bce(mean), 1));
  }

  @Override
  @Nullable Integer ignoreIndex() {
    return ignoreIndex;
  }

  @Override
  @Nullable TruePositiveForm truePositives() {
    return null;
  }
}
