package dev.quern.spi;

import dev.quern.DType;

/** The kernels of one subject; {@link Kernels} lists the families. */
public interface KernelFamily extends Observed {
  /**
   * Tells whether the family takes a dtype.
   *
   * @param dtype the dtype of its data argument (logits, operands); U8 and F32 targets and I64
   *     counts come with the families that have them
   * @return yes for F32, unless a backend says more
   */
  default Support support(DType dtype) {
    return dtype == DType.F32
        ? Support.yes()
        : Support.no("these kernels compute in F32 on this backend, not in " + dtype);
  }
}
