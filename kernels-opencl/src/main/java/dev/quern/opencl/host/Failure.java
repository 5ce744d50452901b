package dev.quern.opencl.host;

import dev.quern.DeviceException;
import dev.quern.OutOfDeviceMemoryException;
import org.jocl.CL;
import org.jocl.CLException;

/** Turns what JOCL throws into this project's exceptions. */
final class Failure {
  private Failure() {}

  /** Makes the exception for a failed call; the message names the call and the error. */
  static DeviceException of(String call, CLException e) {
    return of(call, e, "");
  }

  /** Makes the exception for a failed call, with a sentence about what was under way. */
  static DeviceException of(String call, CLException e, String context) {
    String message = "OpenCL's " + call + " failed: " + name(e) + "." + context;
    return isOutOfMemory(e)
        ? new OutOfDeviceMemoryException(
            message + " Use a smaller batch, or close tensors earlier.")
        : new DeviceException(message, e);
  }

  static boolean isOutOfMemory(CLException e) {
    return switch (e.getStatus()) {
      case CL.CL_MEM_OBJECT_ALLOCATION_FAILURE, CL.CL_OUT_OF_HOST_MEMORY -> true;
      default -> false;
    };
  }

  static String name(CLException e) {
    return CL.stringFor_errorCode(e.getStatus());
  }
}
