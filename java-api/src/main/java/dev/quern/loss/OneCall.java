package dev.quern.loss;

import dev.quern.Backends;
import dev.quern.spi.ArrayKernels;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.LossExtent;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Losses on arrays and segments, without an engine. */
final class OneCall {
  private OneCall() {}

  static float loss(
      FusedLossSpec spec,
      LossExtent extent,
      MemorySegment logits,
      MemorySegment target,
      @Nullable MemorySegment gradient) {
    ArrayKernels.Result result =
        Backends.arrays().loss(spec, extent, logits, target, 1, gradient, null);
    if (result.fault() != Long.MAX_VALUE) {
      throw LabelFault.of(spec).apply(result.fault());
    }
    return result.value();
  }
}
