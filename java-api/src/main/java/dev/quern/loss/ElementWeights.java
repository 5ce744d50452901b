package dev.quern.loss;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.Tensor;
import java.util.Arrays;

/**
 * Weights of elements, repeated along the axes in which they have an extent of 1, as NumPy does.
 */
final class ElementWeights {
  private ElementWeights() {}

  /** Returns weights that lie like the logits: these, or a tensor of the current scope. */
  static Tensor of(Tensor weight, Tensor logits) {
    Tensor repeated = repeated(weight, logits.shape());
    if (repeated.format() == logits.format()) {
      return repeated;
    }
    return switch (logits.format()) {
      case CONTIGUOUS -> repeated.contiguous();
      case CHANNELS_LAST -> repeated.channelsLast();
    };
  }

  private static Tensor repeated(Tensor weight, Shape logits) {
    if (weight.dtype() == DType.F32 && weight.shape().equals(logits)) {
      return weight;
    }
    if (weight.dtype() != DType.F32 || !isRepeatable(weight.shape(), logits)) {
      throw new IllegalArgumentException(
          "The element weights %s do not match the logits %s: they must be F32 of that shape, or of extent 1 or missing in leading axes, along which they are repeated."
              .formatted(weight, logits));
    }
    long[] dims = new long[logits.rank()];
    Arrays.fill(dims, 1);
    for (int axis = 1; axis <= weight.shape().rank(); axis++) {
      dims[dims.length - axis] = weight.shape().dim(-axis);
    }
    Tensor out = weight.engine().zeros(DType.F32, logits);
    if (logits.elements() > 0) {
      repeat(weight.reshape(dims), out);
    }
    return out;
  }

  private static boolean isRepeatable(Shape weight, Shape logits) {
    if (weight.rank() > logits.rank()) {
      return false;
    }
    for (int axis = 1; axis <= weight.rank(); axis++) {
      if (weight.dim(-axis) != 1 && weight.dim(-axis) != logits.dim(-axis)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Adds weights to zeros of the whole shape. Neighbouring axes that are not repeated are one
   * vector to the kernel; where there are several such runs, the outer one is walked through.
   */
  private static void repeat(Tensor weight, Tensor out) {
    int rank = out.shape().rank();
    int first = 0;
    while (first < rank && weight.shape().dim(first) == 1) {
      first++;
    }
    int end = first;
    while (end < rank && weight.shape().dim(end) != 1) {
      end++;
    }
    boolean single = true;
    for (int rest = end; rest < rank; rest++) {
      single &= weight.shape().dim(rest) == 1;
    }
    if (single) {
      long inner = out.shape().elementsFrom(end);
      weight
          .engine()
          .submit(b -> b.pointwise().addBroadcast(out.span(), weight.span(), inner, out.span()));
      return;
    }
    // one entry of the outermost axis after the other
    long entries = out.shape().dim(0);
    long repeated = weight.shape().dim(0);
    for (long entry = 0; entry < entries; entry++) {
      long from = repeated == 1 ? 0 : entry;
      try (Tensor part = weight.slice(from, from + 1);
          Tensor target = out.slice(entry, entry + 1);
          Tensor partView = part.reshape(weight.shape().without(0));
          Tensor targetView = target.reshape(out.shape().without(0))) {
        repeat(partView, targetView);
      }
    }
  }
}
