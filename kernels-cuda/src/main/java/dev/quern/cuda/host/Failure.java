package dev.quern.cuda.host;

import dev.quern.DeviceException;
import dev.quern.OutOfDeviceMemoryException;
import java.util.function.IntSupplier;
import jcuda.CudaException;
import jcuda.driver.CUresult;
import org.jspecify.annotations.Nullable;

/**
 * A driver call that did not succeed.
 *
 * @param call the driver's function
 * @param error the error's name, as {@code CUDA_ERROR_OUT_OF_MEMORY}
 * @param cause what JCuda threw, if it did
 */
record Failure(String call, String error, @Nullable Throwable cause) {

  /** Makes a call; returns how it failed, or null. */
  static @Nullable Failure of(String name, IntSupplier call) {
    try {
      int result = call.getAsInt();
      // the switch that makes JCuda throw is global to the process, so others may have turned it
      return result == CUresult.CUDA_SUCCESS
          ? null
          : new Failure(name, CUresult.stringFor(result), null);
    } catch (CudaException | UnsupportedOperationException e) {
      return new Failure(name, String.valueOf(e.getMessage()), e);
    }
  }

  /** Makes a call that belongs to no context. */
  static void check(String name, IntSupplier call) {
    Failure failure = of(name, call);
    if (failure != null) {
      throw failure.exception("");
    }
  }

  boolean isOutOfMemory() {
    return error.equals("CUDA_ERROR_OUT_OF_MEMORY");
  }

  /** Tells whether driver or device cannot take an image that its version promises to take. */
  private boolean isImageRefused() {
    return switch (error) {
      case "CUDA_ERROR_NO_BINARY_FOR_GPU",
          "CUDA_ERROR_INVALID_PTX",
          "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
          "CUDA_ERROR_JIT_COMPILER_NOT_FOUND" ->
          true;
      default -> false;
    };
  }

  /** Tells whether the context is broken for good: every later call would fail the same way. */
  boolean isSticky() {
    return switch (error) {
      case "CUDA_ERROR_ILLEGAL_ADDRESS",
          "CUDA_ERROR_LAUNCH_TIMEOUT",
          "CUDA_ERROR_CONTEXT_IS_DESTROYED",
          "CUDA_ERROR_ASSERT",
          "CUDA_ERROR_HARDWARE_STACK_ERROR",
          "CUDA_ERROR_ILLEGAL_INSTRUCTION",
          "CUDA_ERROR_MISALIGNED_ADDRESS",
          "CUDA_ERROR_INVALID_ADDRESS_SPACE",
          "CUDA_ERROR_INVALID_PC",
          "CUDA_ERROR_LAUNCH_FAILED",
          "CUDA_ERROR_ECC_UNCORRECTABLE",
          "CUDA_ERROR_NVLINK_UNCORRECTABLE",
          "CUDA_ERROR_DEVICE_UNAVAILABLE",
          "CUDA_ERROR_EXTERNAL_DEVICE",
          "CUDA_ERROR_MPS_CLIENT_TERMINATED",
          "CUDA_ERROR_UNKNOWN" ->
          true;
      default -> false;
    };
  }

  /** Makes the exception, with a sentence about what was under way. */
  DeviceException exception(String context) {
    String message = "CUDA's " + call + " failed: " + error + "." + context;
    if (isOutOfMemory()) {
      return new OutOfDeviceMemoryException(
          message + " Use a smaller batch, or close tensors earlier.");
    }
    if (isImageRefused()) {
      message += " -Dquern.cuda.nvrtc=true has the kernels compiled on this machine instead.";
    }
    return cause == null ? new DeviceException(message) : new DeviceException(message, cause);
  }
}
