package dev.quern.spi;

import dev.quern.DType;
import dev.quern.DeviceInfo;

/**
 * One open device: its memory and its kernel families.
 *
 * <p>Kernels are enqueued in call order on one in-order compute queue and may return before the
 * work is done; {@link DeviceMemory#download} and {@link #synchronize} wait. Calls are serialised
 * by the engine, so an implementation needs no lock of its own. Numbers: the same input gives the
 * same bits on one backend and machine, for any number of threads.
 */
public interface Backend extends AutoCloseable {
  /**
   * Returns what was opened.
   *
   * @return the device
   */
  DeviceInfo device();

  /**
   * Tells whether a family takes a dtype.
   *
   * @param family the kernel family
   * @param dtype the dtype of its data argument (logits, operands); U8 and F32 targets and I64
   *     counts come with the families that have them
   * @return whether calls with it work
   */
  boolean supports(KernelFamily family, DType dtype);

  /**
   * Returns the device's memory.
   *
   * @return the device's memory
   */
  DeviceMemory memory();

  /**
   * Returns fill, copy and elementwise arithmetic.
   *
   * @return the pointwise kernels
   */
  PointwiseKernels pointwise();

  /**
   * Returns the sums.
   *
   * @return the reduction kernels
   */
  ReductionKernels reduction();

  /**
   * Returns the matrix products.
   *
   * @return the matrix kernels
   */
  MatrixKernels matrix();

  /**
   * Returns the random numbers.
   *
   * @return the random kernels
   */
  RandomKernels random();

  /**
   * Returns what measures the device itself.
   *
   * @return the calibration kernels
   */
  CalibrationKernels calibration();

  /**
   * Returns the confusion counts.
   *
   * @return the confusion kernels
   */
  ConfusionKernels confusion();

  /**
   * Returns the optimizer steps.
   *
   * @return the optimizer kernels
   */
  OptimizerKernels optimizer();

  /**
   * Returns the fused segmentation losses.
   *
   * @return the segmentation kernels
   */
  SegmentationKernels segmentation();

  /**
   * Returns the Lovasz losses.
   *
   * @return the Lovasz kernels
   */
  LovaszKernels lovasz();

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
