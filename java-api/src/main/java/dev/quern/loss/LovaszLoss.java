package dev.quern.loss;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossInput;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.LovaszSpec;
import dev.quern.spi.LovaszSpec.Classes;
import dev.quern.spi.LovaszSpec.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Lovasz loss (Berman, Rannen Triki and Blaschko, 2018), the convex surrogate of the Jaccard index:
 * pixels are sorted by descending error e, and the loss is the sum of e d, where d is by how much a
 * pixel raises the Jaccard loss of those before it. 0 is perfect. It takes {@code forward(logits,
 * target)} and {@code forwardBackward} like the other losses.
 *
 * <p>{@link #hinge} is for binary and multilabel segmentation: e = max(0, 1 - x (2 y - 1)) of logit
 * x and label y, all channels in one list. {@link #softmax} is for labels 0 to C - 1: one list per
 * class with e = |f - p|, where f is 1 at pixels of the class and p its probability; the lists'
 * losses are averaged over the classes.
 *
 * <p>Logits are F32 of shape (N, ...) and the target has the same shape; for the softmax logits are
 * (N, C, ...) and the target is (N, ...). Targets are U8, I32, I64 or F32 (whole numbers).
 *
 * <p>Source: the authors' code and segmentation_models.pytorch 0.5, whose defaults these are. Among
 * equal errors the pixel with the lower index comes first, which decides its gradient; there it is
 * undefined. Without valid pixels loss and gradient are 0, per image also where only some images
 * have none. Ignored pixels change nothing, NaN in them neither.
 *
 * <pre>{@code
 * LossResult result = LovaszLoss.softmax().ignoreIndex(255).forwardBackward(logits, labels);
 * }</pre>
 */
public final class LovaszLoss {
  private final Kind kind;
  private final LossInput input;
  private final boolean perImage;
  private final Classes classes;
  private final List<Integer> listed;
  private final @Nullable Integer ignoreIndex;

  private LovaszLoss(
      Kind kind,
      LossInput input,
      boolean perImage,
      Classes classes,
      List<Integer> listed,
      @Nullable Integer ignoreIndex) {
    this.kind = kind;
    this.input = input;
    this.perImage = perImage;
    this.classes = classes;
    this.listed = listed;
    this.ignoreIndex = ignoreIndex;
  }

  /**
   * Creates the loss of binary and multilabel segmentation, over the batch, nothing ignored.
   *
   * @return the Lovasz hinge
   */
  public static LovaszLoss hinge() {
    return new LovaszLoss(Kind.HINGE, LossInput.LOGITS, false, Classes.PRESENT, List.of(), null);
  }

  /**
   * Creates the loss of multiclass segmentation from logits, over the batch, averaged over the
   * classes present, nothing ignored.
   *
   * @return the Lovasz-softmax
   */
  public static LovaszLoss softmax() {
    return new LovaszLoss(Kind.SOFTMAX, LossInput.LOGITS, false, Classes.PRESENT, List.of(), null);
  }

  /**
   * Chooses between one loss of the batch, the default, and the mean of the losses of its images,
   * in which an image without valid pixels counts as 0.
   *
   * @param perImage whether every image has its own lists
   * @return a loss that differs in this
   */
  public LovaszLoss perImage(boolean perImage) {
    return new LovaszLoss(kind, input, perImage, classes, listed, ignoreIndex);
  }

  /**
   * Leaves pixels out.
   *
   * @param target the target value whose pixels are ignored
   * @return a loss that differs in this
   */
  public LovaszLoss ignoreIndex(int target) {
    return new LovaszLoss(kind, input, perImage, classes, listed, target);
  }

  /**
   * Says what is given to the softmax loss: logits, the default, or probabilities, which are taken
   * as they are and get the gradient.
   *
   * @param input what is given
   * @return a loss that differs in this
   * @throws IllegalStateException if this is the hinge, which takes logits only
   */
  public LovaszLoss input(LossInput input) {
    requireSoftmax("input");
    return new LovaszLoss(kind, input, perImage, classes, listed, ignoreIndex);
  }

  /**
   * Chooses the classes that are averaged: those that a valid pixel is labelled with (PRESENT, the
   * default; per image: a pixel of the image), or all. The loss is 0 if there is none.
   *
   * @param which PRESENT or ALL
   * @return a loss that differs in this
   * @throws IllegalArgumentException for LISTED, which takes a list
   * @throws IllegalStateException if this is the hinge, which has no classes
   */
  public LovaszLoss classes(Classes which) {
    requireSoftmax("classes");
    if (which == Classes.LISTED) {
      throw new IllegalArgumentException("LISTED needs a list: call classes(0, 2) or so.");
    }
    return new LovaszLoss(kind, input, perImage, which, List.of(), ignoreIndex);
  }

  /**
   * Averages exactly these classes, present or not.
   *
   * @param list at least one class, from 0 on
   * @return a loss that differs in this
   * @throws IllegalArgumentException if the list is empty, names a class twice or a negative one
   * @throws IllegalStateException if this is the hinge, which has no classes
   */
  public LovaszLoss classes(int... list) {
    requireSoftmax("classes");
    List<Integer> sorted = Arrays.stream(list).sorted().distinct().boxed().toList();
    if (sorted.isEmpty() || sorted.size() < list.length || sorted.getFirst() < 0) {
      throw new IllegalArgumentException(
          "The classes must be at least one, different and not negative, got "
              + Arrays.toString(list)
              + ".");
    }
    return new LovaszLoss(kind, input, perImage, Classes.LISTED, sorted, ignoreIndex);
  }

  /**
   * Computes the value.
   *
   * @param logits F32, (N, ...); softmax: (N, C, ...)
   * @param target U8, I32, I64 or F32, of equal shape; softmax: (N, ...)
   * @return F32, shape (1), owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  public Tensor forward(Tensor logits, Tensor target) {
    LossExtent extent = requireFitting(logits, target);
    Engine engine = logits.engine();
    LovaszPlan plan = engine.prepare(spec(target.dtype()));
    Tensor value = engine.empty(DType.F32, Shape.of(1));
    engine.submitWithScratch(
        b -> plan.scratchBytes(extent),
        (b, scratch) ->
            plan.forward(
                logits.span(),
                target.span(),
                extent,
                value.span(),
                engine.faultWord().span(),
                scratch));
    return value;
  }

  /**
   * Computes value and gradient.
   *
   * @param logits F32, (N, ...); softmax: (N, C, ...)
   * @param target U8, I32, I64 or F32, of equal shape; softmax: (N, ...)
   * @return both, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  public LossResult forwardBackward(Tensor logits, Tensor target) {
    return forwardBackward(logits, target, logits.engine().one());
  }

  /**
   * Computes value and gradient. A label out of range counts as ignored and is reported at the next
   * host read as a {@link DataException}.
   *
   * @param logits F32, (N, ...); softmax: (N, C, ...)
   * @param target U8, I32, I64 or F32, of equal shape; softmax: (N, ...)
   * @param upstream F32, one element: multiplies the gradient, not the value (a loss scale)
   * @return value and gradient, owned by the current scope
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   * @throws UnsupportedOperationException if a list would have 2^31 pixels or more
   */
  public LossResult forwardBackward(Tensor logits, Tensor target, Tensor upstream) {
    LossExtent extent = requireFitting(logits, target);
    logits.requireSameEngine(upstream);
    if (upstream.dtype() != DType.F32 || upstream.shape().elements() != 1) {
      throw new IllegalArgumentException(
          "The upstream gradient is one F32 number, but it is " + upstream + ".");
    }
    Engine engine = logits.engine();
    LovaszPlan plan = engine.prepare(spec(target.dtype()));
    Tensor value = engine.empty(DType.F32, Shape.of(1));
    Tensor gradient = engine.empty(DType.F32, logits.shape());
    engine.submitWithScratch(
        b -> plan.scratchBytes(extent),
        (b, scratch) ->
            plan.forwardBackward(
                logits.span(),
                target.span(),
                extent,
                upstream.span(),
                value.span(),
                gradient.span(),
                engine.faultWord().span(),
                scratch));
    return new LossResult(value, gradient);
  }

  /**
   * Returns the specification that backends prepare.
   *
   * @param target the target's dtype
   * @return the specification
   */
  public LovaszSpec spec(DType target) {
    return new LovaszSpec(kind, input, perImage, classes, listed, ignoreIndex, DType.F32, target);
  }

  private LossExtent requireFitting(Tensor logits, Tensor target) {
    logits.requireSameEngine(target);
    if (logits.dtype() != DType.F32) {
      throw new IllegalArgumentException("Logits are F32, but they are " + logits.dtype() + ".");
    }
    switch (target.dtype()) {
      case U8, I32, I64, F32 -> {}
      default ->
          throw new IllegalArgumentException(
              "The target is U8, I32, I64 or F32, but it is " + target.dtype() + ".");
    }
    return kind == Kind.HINGE ? hingeExtent(logits, target) : softmaxExtent(logits, target);
  }

  private static LossExtent hingeExtent(Tensor logits, Tensor target) {
    Shape shape = logits.shape();
    if (shape.rank() < 1) {
      throw new IllegalArgumentException("Logits have the shape (N, ...), got " + shape + ".");
    }
    if (!shape.equals(target.shape()) || logits.format() != target.format()) {
      throw new IllegalArgumentException(
          "target shape %s %s does not match logits %s %s."
              .formatted(target.shape(), target.format(), shape, logits.format()));
    }
    return new LossExtent(shape.dim(0), 1, product(shape, 1));
  }

  private LossExtent softmaxExtent(Tensor logits, Tensor target) {
    Shape shape = logits.shape();
    if (shape.rank() < 2 || shape.dim(1) < 1 || shape.dim(1) > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "Logits of the Lovasz-softmax have the shape (N, C, ...) with at least one class, got "
              + shape
              + ".");
    }
    if (logits.format() != MemoryFormat.CONTIGUOUS) {
      throw new IllegalArgumentException(
          "The Lovasz-softmax takes CONTIGUOUS logits, but they are " + logits.format() + ".");
    }
    long[] dims = new long[shape.rank() - 1];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i == 0 ? 0 : i + 1);
    }
    if (!Shape.of(dims).equals(target.shape())) {
      throw new IllegalArgumentException(
          "target shape %s does not match logits %s, which take a target of %s."
              .formatted(target.shape(), shape, Shape.of(dims)));
    }
    int count = (int) shape.dim(1);
    requireListed(count);
    return new LossExtent(shape.dim(0), count, product(shape, 2));
  }

  private void requireListed(int count) {
    if (!listed.isEmpty() && listed.getLast() >= count) {
      String names = listed.stream().map(String::valueOf).collect(Collectors.joining(", "));
      throw new IllegalArgumentException(
          "Classes %s are averaged, but the logits have %d classes: 0 to %d."
              .formatted(names, count, count - 1));
    }
  }

  private void requireSoftmax(String option) {
    if (kind == Kind.HINGE) {
      throw new IllegalStateException(
          "The Lovasz hinge has no option '" + option + "'; LovaszLoss.softmax() has.");
    }
  }

  private static long product(Shape shape, int from) {
    long product = 1;
    for (int axis = from; axis < shape.rank(); axis++) {
      product *= shape.dim(axis);
    }
    return product;
  }
}
