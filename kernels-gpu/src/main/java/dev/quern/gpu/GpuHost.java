package dev.quern.gpu;

import dev.quern.gpu.host.Geometry;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.GpuProgram;
import dev.quern.gpu.host.TransferQueue;
import dev.quern.gpu.loss.LovaszSort;

/**
 * One open device as its platform knows it: all that a {@link GpuBackend} asks for. What can only
 * be done in one platform's way, it does itself.
 */
public interface GpuHost {
  /**
   * Tells how work is cut on the device.
   *
   * @return the same at every call
   */
  Geometry geometry();

  /**
   * Opens what moves data.
   *
   * @return the queue, closed by the caller
   */
  TransferQueue openTransfers();

  /**
   * Compiles or loads the kernels of a family. May be called from another thread than all else, one
   * call for a family.
   *
   * @param family the name of its source, without ending
   * @return the program, closed by the caller
   */
  GpuProgram program(String family);

  /**
   * Makes the family of optimizers.
   *
   * @param family the kernels of {@code optimizer}
   * @return the family
   */
  GpuOptimizerKernels optimizer(GpuFamily family);

  /**
   * Makes the sort of the Lovasz losses.
   *
   * @param sort the kernels of {@code lovasz_sort}
   * @param gradient the kernels of {@code lovasz_gradient}
   * @return the sort
   */
  LovaszSort lovaszSort(GpuFamily sort, GpuFamily gradient);

  /**
   * Waits until everything enqueued is done.
   *
   * @throws dev.quern.DeviceException if any of it failed
   */
  void finish();

  /** Waits for what is under way, as far as the device still answers; never throws. */
  void settle();
}
