package dev.quern.spi;

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
   * Returns the kernels that work on Java arrays directly, without an engine.
   *
   * @return the array kernels; null if this backend has none or is unavailable
   */
  default @Nullable ArrayKernels arrays() {
    return null;
  }
}
