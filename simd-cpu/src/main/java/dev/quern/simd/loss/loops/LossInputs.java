package dev.quern.simd.loss.loops;

import dev.quern.DType;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a fused loss, native or over arrays.
 *
 * @param x logits or probabilities
 * @param t the target
 * @param dtype the target's dtype
 * @param w factors of the binary cross-entropy, null for none
 * @param out takes the gradient, or losses; null for neither
 * @param pixels elements from one class of an image to the next
 */
public record LossInputs(
    MemorySegment x,
    MemorySegment t,
    DType dtype,
    @Nullable MemorySegment w,
    @Nullable MemorySegment out,
    long pixels) {
  /** Whether loops may read and write the memory themselves. */
  public boolean isNative() {
    return x.isNative() && t.isNative() && (out == null || out.isNative());
  }

  static final LossInputs NONE =
      new LossInputs(MemorySegment.NULL, MemorySegment.NULL, DType.F32, null, null, 0);
}
