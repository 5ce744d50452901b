package dev.quern.cuda.host;

import dev.quern.DeviceException;
import java.util.ArrayList;
import java.util.List;
import jcuda.driver.JCudaDriver;

/** Finds the CUDA devices of this machine. */
public final class Driver {
  private Driver() {}

  /**
   * The driver and its devices, or why there are none.
   *
   * @param version the CUDA version the driver supports; 0.0 if unknown
   * @param devices in the driver's order
   * @param reasons one sentence each, naming the remedy
   */
  public record Discovery(Version version, List<Device> devices, List<String> reasons) {}

  /**
   * Looks for devices without creating a context; never throws.
   *
   * @return devices and reasons
   */
  public static Discovery discover() {
    String failure = JCudaLibrary.load();
    if (failure != null) {
      return none(failure);
    }
    Failure refused = Failure.of("cuInit", () -> JCudaDriver.cuInit(0));
    if (refused != null) {
      return none(
          refused.error().equals("CUDA_ERROR_NO_DEVICE")
              ? "The NVIDIA driver found no device: check nvidia-smi and CUDA_VISIBLE_DEVICES."
              : "CUDA's cuInit failed ("
                  + refused.error()
                  + "): check nvidia-smi, and that the driver's library and kernel module are of"
                  + " the same version.");
    }
    try {
      int[] version = new int[1];
      Failure.check("cuDriverGetVersion", () -> JCudaDriver.cuDriverGetVersion(version));
      int[] count = new int[1];
      Failure.check("cuDeviceGetCount", () -> JCudaDriver.cuDeviceGetCount(count));
      if (count[0] == 0) {
        return none(
            "The NVIDIA driver found no device: check nvidia-smi and CUDA_VISIBLE_DEVICES.");
      }
      var devices = new ArrayList<Device>();
      for (int ordinal = 0; ordinal < count[0]; ordinal++) {
        devices.add(Device.describe(ordinal));
      }
      return new Discovery(Version.ofDriver(version[0]), List.copyOf(devices), List.of());
    } catch (DeviceException e) {
      return none("CUDA's devices cannot be listed (" + e.getMessage() + "): check nvidia-smi.");
    }
  }

  private static Discovery none(String reason) {
    return new Discovery(new Version(0, 0), List.of(), List.of(reason));
  }
}
