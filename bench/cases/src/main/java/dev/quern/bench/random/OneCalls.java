package dev.quern.bench.random;

import dev.quern.DType;
import dev.quern.bench.definition.Batch;
import dev.quern.loss.LovaszLoss;
import dev.quern.loss.Mode;
import dev.quern.loss.SegmentationLoss;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.LossExtent;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/** Losses without an engine: through the one-call forms where they run on the device's kernels. */
final class OneCalls {
  private OneCalls() {}

  static float loss(Device device, SegmentationLoss loss, LossCase drawn, float[] gradient) {
    float[] x = drawn.batch().x();
    MemorySegment target = Memory.target(drawn.batch().target(), drawn.targetDtype());
    if (drawn.memory() == Memory.ARRAYS) {
      boolean flat = device.oneCall() && drawn.isOneList();
      if (flat && drawn.targetDtype() == DType.F32) {
        return loss.forwardBackward(x, drawn.batch().target(), gradient);
      }
      if (flat && drawn.targetDtype() == DType.U8) {
        return loss.forwardBackward(x, target.toArray(ValueLayout.JAVA_BYTE), gradient);
      }
      return call(
          device, loss, drawn, MemorySegment.ofArray(x), target, MemorySegment.ofArray(gradient));
    }
    Memory memory = drawn.memory();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment written = memory.copy(MemorySegment.ofArray(gradient), arena);
      float value =
          call(
              device,
              loss,
              drawn,
              memory.copy(MemorySegment.ofArray(x), arena),
              memory.copy(target, arena),
              written);
      MemorySegment.copy(
          written, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, gradient, 0, gradient.length);
      return value;
    }
  }

  private static float call(
      Device device,
      SegmentationLoss loss,
      LossCase drawn,
      MemorySegment x,
      MemorySegment target,
      MemorySegment gradient) {
    boolean shares = drawn.batch().layout() == Batch.Layout.SHARES;
    boolean alike = drawn.targetDtype() == DType.F32 && target.byteSize() == x.byteSize();
    // the form with a shape takes as many floats as logits for shares
    boolean labels = drawn.mode() == Mode.MULTICLASS && !shares;
    if (device.oneCall() && !(labels && alike)) {
      return loss.forwardBackward(drawn.shape(), x, target, drawn.targetDtype(), gradient);
    }
    ArrayKernels arrays = Objects.requireNonNull(device.arrays());
    var batch = drawn.batch();
    if (loss instanceof LovaszLoss lovasz) {
      int classes = drawn.mode() == Mode.MULTICLASS ? batch.classes() : 1;
      long pixels = (long) batch.pixels() * batch.classes() / classes;
      var lists = new LossExtent(batch.images(), classes, pixels);
      var sorted = lovasz.spec(drawn.targetDtype());
      return valid(arrays.lovasz(sorted, lists, x, target, 1, gradient));
    }
    var extent = new LossExtent(batch.images(), batch.classes(), batch.pixels());
    var spec = loss.spec(drawn.shape(), drawn.targetShape(), drawn.targetDtype(), null);
    return valid(arrays.loss(spec, extent, x, target, 1, gradient, null));
  }

  private static float valid(ArrayKernels.Result result) {
    if (result.fault() != Long.MAX_VALUE) {
      throw new IllegalStateException("A fault was reported at " + result.fault() + ".");
    }
    return result.value();
  }
}
