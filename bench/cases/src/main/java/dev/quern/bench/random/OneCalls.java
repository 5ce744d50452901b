package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import dev.quern.spi.ArrayKernels;
import dev.quern.spi.LossExtent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Losses without an engine. */
final class OneCalls {
  private OneCalls() {}

  /** Computes a loss on the device's array kernels; writes the gradient. */
  static float loss(ArrayKernels kernels, boolean best, SegmentationLoss loss, LossCase c, float[] gradient) {
    float[] target = c.batch().target();
    if (best && c.memory() == Memory.ARRAYS && c.isFlat()) {
      float[] x = c.batch().x();
      if (c.targetDtype() == DType.U8) {
        byte[] bytes = new byte[target.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) target[i];
        }
        return loss.forwardBackward(x.clone(), bytes, gradient);
      }
      if (c.targetDtype() == DType.F32) {
        return loss.forwardBackward(x.clone(), target.clone(), gradient);
      }
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment x = c.memory().place(MemorySegment.ofArray(c.batch().x().clone()), arena);
      MemorySegment t = c.memory().place(Memory.encode(target, 0, c.targetDtype()), arena);
      MemorySegment g = c.memory().place(MemorySegment.ofArray(gradient), arena);
      float value =
          best
              ? loss.forwardBackward(c.shape(), x, t, c.targetDtype(), g)
              : direct(kernels, loss, c, x, t, g);
      MemorySegment.ofArray(gradient).copyFrom(g);
      return value;
    }
  }

  private static float direct(
      ArrayKernels kernels,
      SegmentationLoss loss,
      LossCase c,
      MemorySegment x,
      MemorySegment t,
      MemorySegment g) {
    int images = c.batch().images();
    boolean pooled = c.mode() == Mode.BINARY;
    LossExtent extent =
        pooled && !c.perImage()
            ? new LossExtent(1, 1, c.batch().x().length)
            : new LossExtent(images, c.batch().classes(), c.batch().pixels());
    return kernels
        .loss(loss.spec(c.shape(), c.targetShape(), c.targetDtype(), null), extent, x, t, 1, g, null)
        .value();
  }
}
