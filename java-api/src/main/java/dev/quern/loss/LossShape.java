package dev.quern.loss;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossSums;

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

  static LossShape of(Frame frame, Shape logits, Shape target, DType targetDtype) {
    if (targetDtype != DType.U8
        && targetDtype != DType.I32
        && targetDtype != DType.I64
        && targetDtype != DType.F32) {
      throw new IllegalArgumentException(
          "The target is U8, I32, I64 or F32, but it is " + targetDtype + ".");
    }
    LossShape shape = fitting(frame, logits, target, targetDtype);
    LossExtent extent = shape.extent;
    if (Boolean.TRUE.equals(frame.perImage())
        && extent.images() > MOST_SEGMENTS / extent.classes()) {
      throw new IllegalArgumentException(
          "A loss per image takes at most %d images times classes, but logits %s have %d times %d; use smaller batches."
              .formatted(MOST_SEGMENTS, logits, extent.images(), extent.classes()));
    }
    return shape;
  }

  private static LossShape fitting(Frame frame, Shape logits, Shape target, DType targetDtype) {
    boolean sameShape = logits.equals(target);
    if (frame.mode() == Mode.MULTICLASS) {
      requireClasses(frame.mode(), logits);
      boolean labels = target.equals(withoutClasses(logits));
      if (!labels && !(sameShape && targetDtype == DType.F32)) {
        throw new IllegalArgumentException(
            "%s target shape %s does not match logits %s: mode MULTICLASS wants labels %s, or F32 shares of the logits' shape."
                .formatted(targetDtype, target, logits, withoutClasses(logits)));
      }
      return new LossShape(labels ? Layout.LABELS : Layout.ONE_HOT, classes(logits));
    }
    if (!logits.equalsButForChannel(target)) {
      throw new IllegalArgumentException(
          "target shape " + target + " does not match logits " + logits + ".");
    }
    if (frame.mode() == Mode.MULTILABEL) {
      requireClasses(frame.mode(), logits);
      return new LossShape(Layout.ELEMENTS, classes(logits));
    }
    if (!Boolean.TRUE.equals(frame.perImage())) {
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
    return mode == Mode.MULTICLASS && logits.rank() >= 2 && labels
        ? withoutClasses(logits)
        : logits;
  }

  static Shape withoutClasses(Shape logits) {
    long[] rest = new long[logits.rank() - 1];
    for (int axis = 0; axis < rest.length; axis++) {
      rest[axis] = logits.dim(axis == 0 ? 0 : axis + 1);
    }
    return Shape.of(rest);
  }

  private static void requireClasses(Mode mode, Shape logits) {
    if (logits.rank() < 2 || logits.dim(1) < 1 || logits.dim(1) > MOST_CLASSES) {
      throw new IllegalArgumentException(
          "Mode %s wants logits (N, C, ...) with 1 to %d classes, but they have shape %s."
              .formatted(mode, MOST_CLASSES, logits));
    }
  }

  private static LossExtent classes(Shape logits) {
    long pixels = 1;
    for (int axis = 2; axis < logits.rank(); axis++) {
      pixels *= logits.dim(axis);
    }
    return new LossExtent(logits.dim(0), (int) logits.dim(1), pixels);
  }

  /** Planes of classes must lie one after the other. */
  static void requireContiguous(Tensor tensor, LossShape shape) {
    boolean planes = shape.extent.classes() > 1 || shape.extent.images() > 1;
    if (planes && tensor.format() != MemoryFormat.CONTIGUOUS) {
      throw new IllegalArgumentException(
          "Losses of several classes or images take CONTIGUOUS tensors, but %s is %s."
              .formatted(tensor, tensor.format()));
    }
  }
}
