package dev.quern.spi;

import dev.quern.DeviceInfo;

/**
 * One open device: its memory and its kernel families.
 *
 * <p>Kernels are enqueued in call order on one in-order compute queue and may return before the
 * work is done; {@link DeviceMemory#download} and {@link #synchronize} wait. Calls are serialised
 * by the engine, so an implementation needs no lock of its own; only a {@link Spec} is prepared
 * beside them. Numbers: the same input gives the same bits on one backend and machine, for any
 * number of threads.
 */
public interface Backend extends AutoCloseable {
  /**
   * Returns what was opened.
   *
   * @return the device
   */
  DeviceInfo device();

  /**
   * Returns the device's memory.
   *
   * @return the device's memory
   */
  DeviceMemory memory();

  /**
   * Returns the kernel families.
   *
   * @return the same at every call
   */
  Kernels kernels();

  /**
   * Tells whether something can be prepared here.
   *
   * @param spec what is to be prepared
   * @return yes, or no with the reason
   */
  default Support support(Spec<?> spec) {
    return spec.support(kernels());
  }

  /**
   * Waits until everything enqueued is done.
   *
   * @throws dev.quern.DeviceException if any of it failed
   */
  void synchronize();

  /** Releases the device and all its memory; idempotent. */
  @Override
  void close();
}
