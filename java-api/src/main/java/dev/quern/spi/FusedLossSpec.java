package dev.quern.spi;

import dev.quern.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A weighted sum of segmentation losses over the same logits, computed in two passes: one over
 * logits and target that leaves the sums the terms need, one that writes the gradient.
 *
 * @param mode how logits and target are laid out
 * @param terms the losses and their weights, at least one, at most {@link TermTable#MAX_TERMS}
 * @param truePositiveForm how overlap terms count true positives
 * @param ignoreIndex pixels whose target equals this are ignored, null for none
 * @param logitsDtype the dtype of logits and gradient
 * @param targetDtype U8 (0 or 1, others are faults) or F32 (soft targets, unchecked)
 * @param countCut null, or: confusion counts ride along, predicted = logit &gt;= countCut
 */
public record FusedLossSpec(
    Mode mode,
    List<WeightedTerm> terms,
    TruePositiveForm truePositiveForm,
    @Nullable Integer ignoreIndex,
    DType logitsDtype,
    DType targetDtype,
    @Nullable Float countCut) {

  /** Copies the list and checks its length. */
  public FusedLossSpec {
    terms = List.copyOf(terms);
    if (terms.isEmpty() || terms.size() > TermTable.MAX_TERMS) {
      throw new IllegalArgumentException(
          "A fused loss has 1 to " + TermTable.MAX_TERMS + " terms, got " + terms.size() + ".");
    }
  }

  /** How logits and target are laid out. */
  public enum Mode {
    /** One logit per pixel, all pixels of the batch in one pool. */
    BINARY
  }

  /** How true positives are counted from probability p and target t. */
  public enum TruePositiveForm {
    /** The sum of min(p, t): segmentation_models.pytorch since 0.4. */
    MIN,
    /** The sum of p t: segmentation_models.pytorch before 0.4, MONAI. */
    PRODUCT,
    /** The sum of p t, with sums of p^2 and t^2 in place of those of p and t: V-Net. */
    SQUARED
  }

  /**
   * A term and its weight.
   *
   * @param term the loss
   * @param weight its factor, finite
   */
  public record WeightedTerm(LossTerm term, double weight) {}

  /**
   * Tells whether any term needs the overlap sums.
   *
   * @return whether there is an overlap term
   */
  public boolean hasOverlap() {
    return terms.stream().anyMatch(t -> t.term() instanceof LossTerm.Overlap);
  }

  /**
   * Tells whether any term needs the sum of the binary cross-entropy.
   *
   * @return whether there is a binary cross-entropy term
   */
  public boolean hasBce() {
    return terms.stream().anyMatch(t -> t.term() instanceof LossTerm.Bce);
  }
}
