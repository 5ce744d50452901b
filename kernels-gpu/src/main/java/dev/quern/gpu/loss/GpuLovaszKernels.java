package dev.quern.gpu.loss;

import dev.quern.DType;
import dev.quern.gpu.host.DeviceTable;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.loss.LovaszKernels;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The Lovasz losses on a GPU. */
public final class GpuLovaszKernels implements LovaszKernels {
  private final GpuFamily errors;
  private final LovaszSort sort;
  private final GpuFamily gradient;
  private final DeviceMemory memory;

  /**
   * Prepares nothing yet.
   *
   * @param errors the kernels of {@code lovasz_errors}
   * @param sort the platform's sort
   * @param gradient the kernels of {@code lovasz_gradient}
   * @param memory where the losses' lists of classes will lie
   */
  public GpuLovaszKernels(
      GpuFamily errors, LovaszSort sort, GpuFamily gradient, DeviceMemory memory) {
    this.errors = errors;
    this.sort = sort;
    this.gradient = gradient;
    this.memory = memory;
  }

  /** Compiles the kernels; a list of classes goes to the device with the first call. */
  @Override
  public LovaszPlan prepare(LovaszSpec spec) {
    if (spec.logitsDtype() != DType.F32) {
      throw new UnsupportedOperationException(
          "This backend computes Lovasz losses of F32 logits, got " + spec.logitsDtype() + ".");
    }
    errors.build();
    sort.build();
    gradient.build();
    return new GpuLovasz(spec, listed(spec), errors, sort, gradient);
  }

  private @Nullable DeviceTable listed(LovaszSpec spec) {
    if (spec.classes() != LovaszSpec.Classes.LISTED || spec.listed().isEmpty()) {
      return null;
    }
    int[] classes = spec.listed().stream().mapToInt(Integer::intValue).toArray();
    return new DeviceTable(memory, DType.I32, MemorySegment.ofArray(classes));
  }
}
