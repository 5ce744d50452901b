package dev.quern.spi;

import dev.quern.spi.host.ArrayKernels;
import org.jspecify.annotations.Nullable;

/** Finds the devices of one backend; found itself through {@link java.util.ServiceLoader}. */
public interface BackendProvider {
  /**
   * Returns the name users write.
   *
   * @return {@code cuda}, {@code opencl}, {@code simd}, {@code reference} or another unique word
   */
  String name();

  /**
   * Returns the place in the automatic choice.
   *
   * @return higher is tried earlier: cuda 400, opencl 300, simd 200, reference 100
   */
  int priority();

  /**
   * Looks for devices: cheap, never throws, never fails class initialisation. The result may be
   * remembered.
   *
   * @return the devices, or the reasons why there are none, each with its remedy
   */
  Availability probe();

  /**
   * Opens a device.
   *
   * @param device the index of a device that {@link #probe} listed
   * @return the backend, owned by the caller
   * @throws dev.quern.DeviceException if the device cannot be opened after all
   */
  Backend open(int device);

  /**
   * Opens a device of which not all threads take part.
   *
   * @param device the index of a device that {@link #probe} listed
   * @param threads the most threads that work on one call, the caller's among them; devices whose
   *     kernels do not run on Java's threads pay no heed
   * @return the backend, owned by the caller
   * @throws dev.quern.DeviceException if the device cannot be opened after all
   */
  default Backend open(int device, int threads) {
    return open(device);
  }

  /**
   * Returns the kernels that work on Java arrays directly, without an engine.
   *
   * @return the array kernels, always the same object, which callers hold weakly; null if this
   *     backend has none or is unavailable
   */
  default @Nullable ArrayKernels arrays() {
    return null;
  }
}
