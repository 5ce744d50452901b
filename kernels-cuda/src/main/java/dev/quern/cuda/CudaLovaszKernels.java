package dev.quern.cuda;

import dev.quern.DType;
import dev.quern.cuda.host.Buffer;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The Lovasz losses on a CUDA device. */
final class CudaLovaszKernels implements LovaszKernels {
  private final CudaLovasz.Modules modules;
  private final CudaMemory memory;

  CudaLovaszKernels(CudaLovasz.Modules modules, CudaMemory memory) {
    this.modules = modules;
    this.memory = memory;
  }

  /** Prepares a loss; its list of classes stays on the device until the backend is closed. */
  @Override
  public LovaszPlan prepare(LovaszSpec spec) {
    if (spec.logitsDtype() != DType.F32) {
      throw new UnsupportedOperationException(
          "The CUDA backend computes Lovasz losses of F32 logits, got " + spec.logitsDtype() + ".");
    }
    return new CudaLovasz(spec, listed(spec), modules);
  }

  private @Nullable Span listed(LovaszSpec spec) {
    if (spec.classes() != LovaszSpec.Classes.LISTED || spec.listed().isEmpty()) {
      return null;
    }
    int[] classes = spec.listed().stream().mapToInt(Integer::intValue).toArray();
    Buffer buffer = memory.allocate((long) classes.length * Integer.BYTES);
    memory.upload(MemorySegment.ofArray(classes), buffer, 0);
    return Span.of(buffer, DType.I32, classes.length);
  }
}
