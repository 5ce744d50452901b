package dev.quern.loss;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A loss on arrays and segments, without an engine: what one call derives of shapes and dtype, so
 * that the next with the same need not. Holds nothing of a backend.
 *
 * @param logits the shape of the logits
 * @param targets the number of the target's elements
 * @param targetDtype their type
 * @param extent the batch
 * @param spec the loss
 */
record OneCall(
    Shape logits, long targets, DType targetDtype, LossExtent extent, FusedLossSpec spec) {

  boolean fits(Shape shape, long elements, DType dtype) {
    return targets == elements && targetDtype == dtype && logits.equals(shape);
  }

  /** Whether the call was for as many logits and targets, without further axes. */
  boolean fits(long elements, DType dtype) {
    return targets == elements
        && targetDtype == dtype
        && logits.rank() == 1
        && logits.elements() == elements;
  }

  float loss(MemorySegment input, MemorySegment target, @Nullable MemorySegment gradient) {
    ArrayKernels.Result result =
        Backends.arrays().loss(spec, extent, input, target, 1, gradient, null);
    if (result.fault() != Long.MAX_VALUE) {
      throw LabelFault.of(spec).apply(result.fault());
    }
    return result.value();
  }
}
