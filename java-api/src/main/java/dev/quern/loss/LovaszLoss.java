package dev.quern.loss;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.Arrays;
import java.util.List;

/**
 * Lovasz loss (Berman, Rannen Triki and Blaschko, 2018), the convex surrogate of the Jaccard loss:
 * pixels are sorted by descending error e, and the loss is the sum of e d, where d is by how much a
 * pixel raises the Jaccard loss of those before it. 0 is perfect.
 *
 * <p>{@link Mode#BINARY} and {@link Mode#MULTILABEL} are the Lovasz hinge: e = max(0, 1 - x (2 y -
 * 1)) of logit x and label y, all channels in one list. {@link Mode#MULTICLASS} is the
 * Lovasz-softmax: one list per class with e = |f - p|, where f is 1 at pixels of the class and p
 * its probability, averaged over the classes.
 *
 * <p>Logits are F32 of shape (N, ...), the target has the same shape and is 0 or 1. MULTICLASS:
 * logits (N, C, ...), target (N, ...) with labels below C. Targets are U8, I32, I64, or F32 with
 * whole numbers; a label out of range counts as ignored and is reported.
 *
 * <p>Source: the authors' code and segmentation_models.pytorch 0.5, whose defaults these are. Among
 * equal errors the pixel with the lower index comes first, which decides over its gradient; there
 * it is left open. Without valid pixels loss and gradient are 0; per image such an image counts as
 * 0. Whatever stands in ignored pixels changes nothing.
 *
 * <p>Counts that go with a value are taken in a pass of their own. A list has less than 2^31
 * pixels: more are refused with an UnsupportedOperationException. Without an engine, the gradient
 * lies in other memory than the logits, which are read again.
 *
 * <pre>{@code
 * LovaszLoss loss = new LovaszLoss().mode(Mode.MULTICLASS).ignoreIndex(255);
 * LossResult result = loss.forwardBackward(logits, labels);
 * }</pre>
 */
public final class LovaszLoss extends SingleLoss<LovaszLoss> {
  private final boolean perImage;
  private final Classes classes;
  private final List<Integer> listed;

  /** Creates the binary loss of the batch, of logits, nothing ignored. */
  public LovaszLoss() {
    this(LossSetting.PIXELS, false, Classes.PRESENT, List.of());
  }

  private LovaszLoss(LossSetting setting, boolean perImage, Classes classes, List<Integer> listed) {
    super(setting);
    this.perImage = perImage;
    this.classes = classes;
    this.listed = listed;
  }

  /**
   * Takes probabilities in [0, 1] as they are instead of logits, in mode MULTICLASS only; the
   * gradient is with respect to them.
   *
   * @return a loss that differs in this
   */
  @Override
  public LovaszLoss fromProbabilities() {
    return super.fromProbabilities();
  }

  /**
   * Chooses between one loss of the batch, the default, and the mean of the losses of its images.
   *
   * @param perImage whether every image has its own lists
   * @return a loss that differs in this
   */
  public LovaszLoss perImage(boolean perImage) {
    return new LovaszLoss(setting(), perImage, classes, listed);
  }

  /**
   * Leaves pixels out, whatever their logits are.
   *
   * @param target the target value whose pixels are ignored
   * @return a loss that differs in this
   */
  @Override
  public LovaszLoss ignoreIndex(int target) {
    return with(setting().withIgnoreIndex(target));
  }

  /**
   * Averages all classes in mode MULTICLASS, those without a pixel too. By default only those that
   * a valid pixel is labelled with are averaged (per image: a pixel of the image); the loss is 0 if
   * there is none.
   *
   * @return a loss that differs in this
   */
  public LovaszLoss allClasses() {
    return new LovaszLoss(setting(), perImage, Classes.ALL, List.of());
  }

  /**
   * Averages exactly these classes in mode MULTICLASS, with pixels or without.
   *
   * @param indices at least one class, from 0 on
   * @return a loss that differs in this
   * @throws IllegalArgumentException if there is none, one twice or a negative one
   */
  public LovaszLoss classes(int... indices) {
    List<Integer> sorted = Arrays.stream(indices).sorted().distinct().boxed().toList();
    if (sorted.isEmpty() || sorted.size() < indices.length || sorted.getFirst() < 0) {
      throw new IllegalArgumentException(
          "The classes must be at least one, different and not negative, got "
              + Arrays.toString(indices)
              + ".");
    }
    return new LovaszLoss(setting(), perImage, Classes.LISTED, sorted);
  }

  /**
   * Returns the specification that backends prepare.
   *
   * @param target the target's dtype
   * @return the specification
   * @throws IllegalArgumentException if classes or probabilities are asked for in another mode than
   *     MULTICLASS
   */
  public LovaszSpec spec(DType target) {
    Mode mode = setting().mode();
    LossInput input = setting().input();
    boolean softmax = mode == Mode.MULTICLASS;
    if (!softmax && (input != LossInput.LOGITS || classes != Classes.PRESENT)) {
      throw new IllegalArgumentException(
          "The Lovasz loss has %s in mode MULTICLASS only, but the mode is %s."
              .formatted(input == LossInput.LOGITS ? "classes" : "probabilities", mode));
    }
    return new LovaszSpec(
        softmax ? Kind.SOFTMAX : Kind.HINGE,
        input,
        perImage,
        classes,
        listed,
        setting().ignoreIndex(),
        DType.F32,
        target);
  }

  boolean isPerImage() {
    return perImage;
  }

  void requireListed(int count, Shape logits) {
    if (!listed.isEmpty() && listed.getLast() >= count) {
      throw new IllegalArgumentException(
          "Classes %s are averaged, but logits %s have classes 0 to %d."
              .formatted(listed, logits, count - 1));
    }
  }

  @Override
  LossPart part() {
    return new SortedPart(this, 1);
  }

  @Override
  LovaszLoss with(LossSetting newSetting) {
    return new LovaszLoss(newSetting, perImage, classes, listed);
  }
}
