package dev.quern.spi.loss;

import dev.quern.DType;
import dev.quern.spi.Kernels;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A Lovasz loss (Berman, Rannen Triki and Blaschko, 2018): the errors of a list of pixels are
 * sorted in descending order, and their dot product with the discrete gradient of the Jaccard loss
 * of the sorted labels is the value.
 *
 * <p>Errors are f32, of the same operations in the same order on every backend, because the order
 * of two nearly equal ones decides over their gradients. Only an error above 0 has loss or
 * gradient. A NaN error comes before all others and leaves NaN as the value and as the pixel's
 * gradient.
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
    DType targetDtype)
    implements Spec<LovaszPlan> {

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
     *
     * <p>From logits p_c = e^(x_c - m) (1 / s), where m is the greatest logit of the pixel and s
     * the sum of the exponentials in the order of the classes. With g_c the derivative by p_c, a
     * the first class of logit m and h_c = g_c - g_a, the gradient is p_c (h_c - sum of h_j p_j),
     * which keeps its digits where p_a rounds to 1.
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

  /**
   * Returns how many images, or batches as one image, are averaged.
   *
   * @param extent the batch
   * @return the number of images, or 1
   */
  public long groups(LossExtent extent) {
    return perImage ? extent.images() : 1;
  }

  /**
   * Returns how long a list is, ignored pixels included.
   *
   * @param extent the batch
   * @return HINGE: the logits of a group; SOFTMAX: the labels of a group
   * @throws UnsupportedOperationException if that is 2^31 or more
   */
  public long listLength(LossExtent extent) {
    long images = perImage ? 1 : extent.images();
    long length = images * extent.pixels() * (kind == Kind.HINGE ? extent.classes() : 1);
    if (length > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "A Lovasz loss sorts lists of less than 2^31 pixels, got "
              + length
              + "; use smaller batches or perImage.");
    }
    return length;
  }

  /**
   * Tells whether a class may be averaged.
   *
   * @param c the class
   * @param present whether a valid pixel of the group is labelled with it
   * @return whether it is averaged
   */
  public boolean averages(int c, boolean present) {
    return switch (classes) {
      case PRESENT -> present;
      case ALL -> true;
      case LISTED -> listed.contains(c);
    };
  }

  @Override
  public Support support(Kernels kernels) {
    return kernels.lovasz().support(this);
  }

  @Override
  public LovaszPlan prepare(Kernels kernels) {
    return kernels.lovasz().prepare(this);
  }
}
