package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.spi.KernelFamily;

/**
 * One kernel call, described once: the same case is checked for parity, timed and reported.
 *
 * @param family the kernel family
 * @param operation the operation, such as {@code add} or {@code forward-backward}
 * @param operands shapes, dtypes and distribution with its seed, readable and unique within the
 *     operation
 * @param dtype the dtype of the data argument, which the family is asked for
 * @param bytes what the operation must at least move: every input read and every result written
 *     once
 * @param setup places the operands and gives the call
 */
public record KernelCase(
    Class<? extends KernelFamily> family,
    String operation,
    String operands,
    DType dtype,
    long bytes,
    Setup setup) {

  /** Places the operands of a call. */
  @FunctionalInterface
  public interface Setup {
    /**
     * Places operands on a workbench.
     *
     * @param bench where
     * @return enqueues the call; may be run again
     */
    Runnable on(Workbench bench);
  }

  /** {@return the identity of the case within its family} */
  public String name() {
    return operation + " " + operands;
  }
}
