package dev.quern.loss;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossSums;
import java.util.List;

/**
 * What the shapes of logits and target mean to the kernels.
 *
 * @param layout how they are laid out
 * @param extent images, classes, pixels
 */
record LossShape(Layout layout, LossExtent extent) {
  /** Labels are told apart as f32. */
  private static final int MOST_CLASSES = 1 << 24;

  /** The sums of a segment (an image of a class) lie in an array. */
  private static final int MOST_SEGMENTS = Integer.MAX_VALUE / LossSums.COUNT;

  static LossShape of(LossSetting setting, Shape logits, Shape target, DType targetDtype) {
    requireTarget(targetDtype);
    LossShape shape = fitting(setting, logits, target, targetDtype);
    LossExtent extent = shape.extent;
    if (setting.isPerImage() && extent.images() > MOST_SEGMENTS / extent.classes()) {
      throw new IllegalArgumentException(
          "A loss per image takes at most %d images times classes, but logits %s have %d times %d; use smaller batches."
              .formatted(MOST_SEGMENTS, logits, extent.images(), extent.classes()));
    }
    return shape;
  }

  private static LossShape fitting(
      LossSetting setting, Shape logits, Shape target, DType targetDtype) {
    boolean sameShape = logits.equals(target);
    if (setting.mode() == Mode.MULTICLASS) {
      requireClasses(setting.mode(), logits);
      boolean labels = target.equals(logits.without(1));
      if (!labels && !(sameShape && targetDtype == DType.F32)) {
        throw new IllegalArgumentException(
            "%s target shape %s does not match logits %s: mode MULTICLASS wants labels %s, or F32 shares of the logits' shape."
                .formatted(targetDtype, target, logits, logits.without(1)));
      }
      return new LossShape(labels ? Layout.LABELS : Layout.ONE_HOT, classes(logits));
    }
    if (!logits.equalsButForChannel(target)) {
      throw new IllegalArgumentException(
          "target shape " + target + " does not match logits " + logits + ".");
    }
    if (setting.mode() == Mode.MULTILABEL) {
      requireClasses(setting.mode(), logits);
      return new LossShape(Layout.ELEMENTS, classes(logits));
    }
    if (!setting.isPerImage()) {
      return new LossShape(Layout.ELEMENTS, new LossExtent(1, 1, logits.elements()));
    }
    if (logits.rank() < 1) {
      throw new IllegalArgumentException(
          "A loss per image needs a leading axis of images, but the logits have shape "
              + logits
              + ".");
    }
    long images = logits.dim(0);
    long pixels = images == 0 ? 0 : logits.elements() / images;
    return new LossShape(Layout.ELEMENTS, new LossExtent(images, 1, pixels));
  }

  /**
   * The shape that a target of so many elements must have. With one class, or without pixels,
   * labels are as many as shares: integers are labels, F32 is shares.
   */
  static Shape targetShape(Mode mode, Shape logits, DType dtype, long elements) {
    boolean labels = dtype != DType.F32 || elements != logits.elements();
    return mode == Mode.MULTICLASS && logits.rank() >= 2 && labels ? logits.without(1) : logits;
  }

  private static void requireClasses(Mode mode, Shape logits) {
    if (logits.rank() < 2 || logits.dim(1) < 1 || logits.dim(1) > MOST_CLASSES) {
      throw new IllegalArgumentException(
          "Mode %s wants logits (N, C, ...) with 1 to %d classes, but they have shape %s."
              .formatted(mode, MOST_CLASSES, logits));
    }
  }

  private static LossExtent classes(Shape logits) {
    return new LossExtent(logits.dim(0), (int) logits.dim(1), logits.elementsFrom(2));
  }

  /**
   * What they mean to losses that sort lists of labelled pixels: classes that exclude one another
   * have a list each, else all channels of an image are in one, as if it had one class.
   */
  static LossExtent ofLists(LossSetting setting, Shape logits, Shape target, DType targetDtype) {
    requireTarget(targetDtype);
    if (setting.mode() == Mode.MULTICLASS) {
      requireClasses(setting.mode(), logits);
      requireLabels(target.equals(logits.without(1)), setting, logits, target);
      return classes(logits);
    }
    if (logits.rank() < 1) {
      throw new IllegalArgumentException(
          "Logits of a Lovasz loss are (N, ...), but they have shape " + logits + ".");
    }
    requireLabels(logits.equalsButForChannel(target), setting, logits, target);
    return new LossExtent(logits.dim(0), 1, logits.elementsFrom(1));
  }

  private static void requireLabels(boolean fits, LossSetting setting, Shape logits, Shape target) {
    if (!fits) {
      Shape expected = setting.mode() == Mode.MULTICLASS ? logits.without(1) : logits;
      throw new IllegalArgumentException(
          "target shape %s does not match logits %s, which take a target of %s in mode %s."
              .formatted(target, logits, expected, setting.mode()));
    }
  }

  private static void requireTarget(DType dtype) {
    if (!dtype.isTarget()) {
      throw new IllegalArgumentException(
          "The target is U8, I32, I64 or F32, but it is " + dtype + ".");
    }
  }

  /** Whether what a class or an image has lies together. */
  boolean hasPlanes() {
    return extent.classes() > 1 || extent.images() > 1;
  }

  /** Planes must lie one after the other; what has none must lie alike in both. */
  static void requireFormats(Tensor logits, Tensor target, boolean planes) {
    for (Tensor tensor : List.of(logits, target)) {
      if (planes && tensor.format() != MemoryFormat.CONTIGUOUS) {
        throw new IllegalArgumentException(
            "Losses of several classes or images take CONTIGUOUS tensors, but %s is %s; convert it with contiguous()."
                .formatted(tensor, tensor.format()));
      }
    }
    if (logits.format() != target.format()) {
      throw new IllegalArgumentException(
          "Logits are %s, but the target is %s: give both the same memory format with contiguous() or channelsLast()."
              .formatted(logits.format(), target.format()));
    }
  }
}
