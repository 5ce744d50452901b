package dev.quern.spi;

import dev.quern.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Lovasz loss (Berman, Rannen Triki and Blaschko, 2018): the errors of a list of pixels are
 * sorted in descending order, and their dot product with the discrete gradient of the Jaccard loss
 * of the sorted labels is the value.
 *
 * @param kind hinge (one logit a pixel and label) or softmax (one list per class)
 * @param input LOGITS for the hinge; for softmax, whether a softmax over the classes is applied
 * @param perImage whether every image has its own lists, whose losses are averaged over all images,
 *     those without a valid pixel counting as 0; else the batch is one image
 * @param classes softmax: which classes are averaged
 * @param listed the classes of {@code LISTED}, ascending, without repetition; else empty
 * @param ignoreIndex pixels whose label equals this are left out, null for none
 * @param logitsDtype the dtype of logits and gradient
 * @param targetDtype U8, I32, I64 or F32 (whole numbers)
 */
public record LovaszSpec(
    Kind kind,
    LossInput input,
    boolean perImage,
    Classes classes,
    List<Integer> listed,
    @Nullable Integer ignoreIndex,
    DType logitsDtype,
    DType targetDtype) {

  /** Copies the list. */
  public LovaszSpec {
    listed = List.copyOf(listed);
  }

  /** The error of a pixel. */
  public enum Kind {
    /**
     * e = 1 - x (2 y - 1) of logit x and label y in {0, 1}; loss = sum of max(e, 0) d. All channels
     * of an image belong to one list; the target has the shape of the logits.
     */
    HINGE,
    /**
     * e = |f - p_c| per class c, with f = 1 where the label is c; loss = sum of e d per class. The
     * target has one label a pixel.
     */
    SOFTMAX
  }

  /** The classes whose losses are averaged; the loss is 0 if there is none. */
  public enum Classes {
    /** Those that a valid pixel of the list's image (or of the batch) is labelled with. */
    PRESENT,
    /** All, present or not. */
    ALL,
    /** Those of the list, present or not. */
    LISTED
  }
}
