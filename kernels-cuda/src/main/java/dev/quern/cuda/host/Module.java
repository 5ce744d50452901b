package dev.quern.cuda.host;

import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** Kernels loaded onto a device. */
public final class Module implements AutoCloseable {
  private final Context context;
  private final CUmodule handle = new CUmodule();
  private boolean closed;

  /**
   * Loads an image; the driver picks the code for its device, or compiles the image's PTX.
   *
   * @param context whose device it is for
   * @param name what the message of a failure calls it
   * @param image what nvcc made
   * @throws dev.quern.DeviceException if the image has no code for the device
   */
  public Module(Context context, String name, byte[] image) {
    this.context = context;
    context.call("cuModuleLoadData for " + name, () -> JCudaDriver.cuModuleLoadData(handle, image));
  }

  /**
   * Finds an entry.
   *
   * @param signature its name and arguments
   * @param queue where it is enqueued
   * @param threads the threads of a block
   * @return the kernel, valid as long as this module
   */
  public Kernel kernel(Signature signature, Queue queue, int threads) {
    var function = new CUfunction();
    context.call(
        "cuModuleGetFunction for " + signature.kernel(),
        () -> JCudaDriver.cuModuleGetFunction(function, handle, signature.kernel()));
    return new Kernel(signature, function, queue, threads);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.release("cuModuleUnload", () -> JCudaDriver.cuModuleUnload(handle));
    }
  }
}
