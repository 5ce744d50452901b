package dev.quern.loss;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Shape;
import dev.quern.spi.host.ArrayKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A loss on arrays and segments, without an engine: what one call derives of shapes and dtype, so
 * that the next with the same need not.
 *
 * @param logits the shape of the logits
 * @param targets the number of the target's elements
 * @param targetDtype their type
 * @param shapeless whether the call gave no shape
 * @param parts the loss, in the order in which gradients are added
 */
record ArrayLoss(
    Shape logits, long targets, DType targetDtype, boolean shapeless, List<Part> parts) {

  static ArrayLoss of(List<LossPart> parts, Shape logits, long targets, DType targetDtype) {
    return of(parts, logits, targets, targetDtype, false);
  }

  /** All logits are one list. */
  static ArrayLoss withoutShape(List<LossPart> parts, long elements, DType targetDtype) {
    parts.forEach(LossPart::requireNoShape);
    return of(parts, Shape.of(1, elements), elements, targetDtype, true);
  }

  private static ArrayLoss of(
      List<LossPart> parts, Shape logits, long targets, DType targetDtype, boolean shapeless) {
    List<Part> ready =
        parts.stream()
            .sorted(Comparator.comparing(FusedPart.class::isInstance))
            .map(part -> part.onArrays(logits, targets, targetDtype))
            .toList();
    return new ArrayLoss(logits, targets, targetDtype, shapeless, ready);
  }

  boolean fits(Shape shape, long elements, DType dtype) {
    return targets == elements && targetDtype == dtype && logits.equals(shape);
  }

  boolean fitsWithoutShape(long elements, DType dtype) {
    return shapeless && targets == elements && targetDtype == dtype;
  }

  float loss(MemorySegment input, MemorySegment target, @Nullable MemorySegment gradient) {
    for (Part part : parts) {
      requireBytes("target", target, part.targets(), targetDtype);
    }
    Part first = parts.getFirst();
    if (parts.size() > 1 || first.weight() != 1) {
      return sum(input, target, gradient);
    }
    ArrayKernels.Result result = first.kernel().loss(input, target, gradient);
    first.throwIfFaulty(result);
    return result.value();
  }

  /** The gradient may lie where the logits do, which each part reads, so it is written last. */
  private float sum(MemorySegment input, MemorySegment target, @Nullable MemorySegment gradient) {
    float[] total = gradient == null ? null : new float[length()];
    double value = 0;
    List<ArrayKernels.Result> results = new ArrayList<>();
    for (Part part : parts) {
      float[] own = total == null ? null : new float[total.length];
      ArrayKernels.Result result =
          part.kernel().loss(input, target, own == null ? null : MemorySegment.ofArray(own));
      results.add(result);
      value += part.weight() * result.value();
      for (int i = 0; own != null && total != null && i < own.length; i++) {
        total[i] += (float) (part.weight() * own[i]);
      }
    }
    if (gradient != null && total != null) {
      MemorySegment.copy(total, 0, gradient, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, total.length);
    }
    for (int i = 0; i < results.size(); i++) {
      parts.get(i).throwIfFaulty(results.get(i));
    }
    return (float) value;
  }

  private int length() {
    if (logits.elements() > Integer.MAX_VALUE) {
      throw new UnsupportedOperationException(
          "A sum with Lovasz losses adds up gradients of less than 2^31 elements here, but logits %s have %d; use smaller batches, or tensors of an engine."
              .formatted(logits, logits.elements()));
    }
    return (int) logits.elements();
  }

  static void requireBytes(String name, MemorySegment segment, long elements, DType dtype) {
    if (segment.byteSize() % dtype.bytes() != 0 || segment.byteSize() / dtype.bytes() != elements) {
      throw new IllegalArgumentException(
          "The %s has %d bytes, but there are %d elements of %s, %d bytes each."
              .formatted(name, segment.byteSize(), elements, dtype, dtype.bytes()));
    }
  }

  /**
   * A part of a loss, ready to be computed without an engine. Holds nothing of a backend.
   *
   * @param weight the factor of the value and the gradient that it computes
   * @param targets the number of the target's elements
   * @param report what is said of a faulty label, given its index
   * @param kernel computes both
   */
  record Part(double weight, long targets, LongFunction<DataException> report, Kernel kernel) {

    /** A kernel of the best CPU backend. */
    interface Kernel {
      ArrayKernels.Result loss(
          MemorySegment logits, MemorySegment target, @Nullable MemorySegment gradient);
    }

    void throwIfFaulty(ArrayKernels.Result result) {
      if (result.fault() != Long.MAX_VALUE) {
        throw report.apply(result.fault());
      }
    }
  }
}
