package dev.quern.spi.loss;

import dev.quern.DType;
import dev.quern.spi.Kernels;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A weighted sum of segmentation losses over the same logits, computed in two passes: one over
 * logits and target that leaves the sums the terms need, one that writes the gradient.
 *
 * @param layout how logits and target are laid out
 * @param input what the losses are given
 * @param classes the number of channels, which the batch's extent repeats
 * @param perImage whether overlap terms take a score per image and class; else per class, over the
 *     whole batch
 * @param terms the losses and their weights, at least one, at most {@link #MAX_TERMS}; of each kind
 *     other than overlap, all have the same parameters but for weight and reduction
 * @param truePositiveForm how overlap terms count true positives
 * @param ignoreIndex pixels whose target equals this are ignored, null for none
 * @param logitsDtype the dtype of logits and gradient
 * @param targetDtype U8, I32 or I64 (labels) or F32 (soft targets; whole numbers for LABELS)
 * @param countCut null, or for ELEMENTS: confusion counts ride along, predicted = logit &gt;=
 *     countCut
 */
public record FusedLossSpec(
    Layout layout,
    LossInput input,
    int classes,
    boolean perImage,
    List<WeightedTerm> terms,
    TruePositiveForm truePositiveForm,
    @Nullable Integer ignoreIndex,
    DType logitsDtype,
    DType targetDtype,
    @Nullable Float countCut)
    implements Spec<FusedLossPlan> {

  /** The most terms a fused loss may have. */
  public static final int MAX_TERMS = 8;

  /** The least probability that a logarithm is taken of, and its distance from 1. */
  public static final float LEAST_PROBABILITY = 1e-7f;

  /** Copies the list and checks what no single part can. */
  public FusedLossSpec {
    terms = List.copyOf(terms);
    if (terms.isEmpty() || terms.size() > MAX_TERMS) {
      throw new IllegalArgumentException(
          "A fused loss has 1 to " + MAX_TERMS + " terms, got " + terms.size() + ".");
    }
    for (WeightedTerm weighted : terms) {
      LossTerm term = weighted.term();
      if (term.perClass().size() != classes && !term.perClass().isEmpty()) {
        throw new IllegalArgumentException(
            "There are %d classes, but %d weights for them in %s."
                .formatted(classes, term.perClass().size(), term));
      }
      boolean exclusive =
          term instanceof LossTerm.CrossEntropy || term instanceof LossTerm.SoftmaxFocal;
      if (layout == Layout.ELEMENTS && exclusive) {
        throw new IllegalArgumentException(
            term + " needs classes that exclude one another: use the multiclass mode.");
      }
      if (layout != Layout.ELEMENTS && term instanceof LossTerm.Bce) {
        throw new IllegalArgumentException(
            term + " needs independent classes: use the binary or multilabel mode.");
      }
    }
    for (WeightedTerm one : terms) {
      for (WeightedTerm other : terms) {
        if (!one.term().isCompatible(other.term())) {
          throw new IllegalArgumentException(
              "Losses of one kind in a sum differ in weight and reduction only, but there are %s and %s."
                  .formatted(one.term(), other.term()));
        }
      }
    }
    if (countCut != null && layout != Layout.ELEMENTS) {
      throw new IllegalArgumentException(
          "Binary confusion counts ride along in the binary and multilabel modes only.");
    }
    if (layout == Layout.ONE_HOT && targetDtype != DType.F32) {
      throw new IllegalArgumentException(
          "A target of one share per class is F32, but it is " + targetDtype + ".");
    }
  }

  /** How logits (images, classes, pixels) and target are laid out. */
  public enum Layout {
    /**
     * Every logit has a target of its own: binary (one class) and multilabel. Logits go through the
     * sigmoid. Integer targets are 0 or 1, others are faults; F32 targets are soft and unchecked.
     */
    ELEMENTS,
    /**
     * Every pixel has one label below the number of classes, others are faults: the target is
     * (images, pixels). Logits go through the softmax over the classes.
     */
    LABELS,
    /**
     * Every pixel has a share of each class: the target is F32 (images, classes, pixels),
     * unchecked. A pixel whose share of class 0 is the ignore index is ignored. Logits go through
     * the softmax over the classes.
     */
    ONE_HOT
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
   * Makes the specification of a loss of one logit a pixel, all of them in one pool.
   *
   * @param terms the losses and their weights
   * @param truePositiveForm how overlap terms count true positives
   * @param ignoreIndex pixels whose target equals this are ignored, null for none
   * @param targetDtype the target's dtype
   * @param countCut null, or: confusion counts ride along, predicted = logit &gt;= countCut
   * @return the specification
   */
  public static FusedLossSpec binary(
      List<WeightedTerm> terms,
      TruePositiveForm truePositiveForm,
      @Nullable Integer ignoreIndex,
      DType targetDtype,
      @Nullable Float countCut) {
    return new FusedLossSpec(
        Layout.ELEMENTS,
        LossInput.LOGITS,
        1,
        false,
        terms,
        truePositiveForm,
        ignoreIndex,
        DType.F32,
        targetDtype,
        countCut);
  }

  /**
   * Returns the first term of a kind.
   *
   * @param kind the kind
   * @param <T> the kind
   * @return the term, or null if there is none; other terms of the kind differ in reduction only
   */
  public <T extends LossTerm> @Nullable T find(Class<T> kind) {
    for (WeightedTerm weighted : terms) {
      if (kind.isInstance(weighted.term())) {
        return kind.cast(weighted.term());
      }
    }
    return null;
  }

  /**
   * Tells whether any term needs the overlap sums.
   *
   * @return whether there is an overlap term
   */
  public boolean hasOverlap() {
    return find(LossTerm.Overlap.class) != null;
  }

  /**
   * Tells whether any term needs the sum of the binary cross-entropy.
   *
   * @return whether there is a binary cross-entropy term
   */
  public boolean hasBce() {
    return find(LossTerm.Bce.class) != null;
  }

  /**
   * Tells whether every divisor is known before the pixels are read, so that the gradient can be
   * written in the first pass.
   *
   * @return whether there is no overlap, no normalized focal loss, and no mean whose divisor
   *     depends on the target
   */
  public boolean isOnePass() {
    return terms.stream()
        .allMatch(weighted ->
            switch (weighted.term()) {
              case LossTerm.Overlap overlap -> false;
              case LossTerm.Bce bce -> !bce.mean() || !bce.ofValid() || ignoreIndex == null;
              case LossTerm.Focal focal ->
                  !focal.normalized() && (!focal.mean() || ignoreIndex == null);
              case LossTerm.CrossEntropy ce ->
                  !ce.mean()
                      || (ignoreIndex == null
                          && (ce.perClass().isEmpty() || layout == Layout.ONE_HOT));
              case LossTerm.SoftmaxFocal focal -> !focal.mean() || ignoreIndex == null;
            });
  }

  /**
   * Tells whether every element or pixel has a loss of its own: what {@link FusedLossPlan#losses}
   * needs.
   *
   * @return whether there is a single term that is neither an overlap nor normalized nor a focal
   *     loss of every class against the rest
   */
  public boolean hasLosses() {
    if (terms.size() != 1) {
      return false;
    }
    return switch (terms.getFirst().term()) {
      case LossTerm.Overlap overlap -> false;
      case LossTerm.Bce bce -> true;
      case LossTerm.Focal focal ->
          !focal.normalized() && layout == Layout.ELEMENTS && focal.perClass().isEmpty();
      case LossTerm.CrossEntropy cross -> true;
      case LossTerm.SoftmaxFocal focal -> true;
    };
  }

  /**
   * Returns how many elements the target of a batch has.
   *
   * @param extent the batch
   * @return as many as logits, or as pixels for LABELS
   */
  public long targetLength(LossExtent extent) {
    return layout == Layout.LABELS ? extent.labels() : extent.elements();
  }

  @Override
  public Support support(Kernels kernels) {
    return kernels.segmentation().support(this);
  }

  @Override
  public FusedLossPlan prepare(Kernels kernels) {
    return kernels.segmentation().prepare(this);
  }
}
