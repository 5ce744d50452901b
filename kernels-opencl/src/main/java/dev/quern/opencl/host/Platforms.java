package dev.quern.opencl.host;

import dev.quern.DeviceInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/** Finds the OpenCL devices of this machine. */
public final class Platforms {
  /** All 32 bits: JOCL's constant has 64, and drivers that are strict refuse it. */
  private static final long ALL_TYPES = 0xFFFFFFFFL;

  private Platforms() {}

  /**
   * The devices that can be used, and why others, or all, cannot.
   *
   * @param devices in a fixed order: GPUs first, by platform name, then as the platform lists them
   * @param reasons one sentence each, naming the remedy
   */
  public record Discovery(List<Device> devices, List<String> reasons) {}

  private record Platform(cl_platform_id id, String name) {}

  /**
   * Looks for devices; never throws.
   *
   * @return devices and reasons
   */
  public static Discovery discover() {
    String failure = JoclLibrary.load();
    if (failure == null) {
      failure = Transfers.load();
    }
    if (failure != null) {
      return new Discovery(List.of(), List.of(failure));
    }
    try (var _ = SignalHandlers.keep()) {
      return found();
    }
  }

  private static Discovery found() {
    var devices = new ArrayList<Device>();
    var reasons = new ArrayList<String>();
    try {
      List<Platform> platforms = platforms();
      if (platforms.isEmpty()) {
        reasons.add(
            "The OpenCL loader found no platform: install your device's OpenCL driver, or Debian's"
                + " pocl-opencl-icd to compute on the CPU.");
      }
      for (Platform platform : platforms) {
        addDevices(platform, devices, reasons);
      }
    } catch (CLException e) {
      reasons.add(
          "OpenCL's drivers cannot be listed ("
              + Failure.name(e)
              + "): check the drivers named in /etc/OpenCL/vendors.");
    }
    return new Discovery(numbered(devices), List.copyOf(reasons));
  }

  /** Puts GPUs first, so that the first device is no processor where there is better. */
  static List<Device> numbered(List<Device> devices) {
    return devices.stream()
        .sorted(Comparator.comparing(device -> device.kind() == DeviceInfo.Kind.CPU))
        .toList();
  }

  private static List<Platform> platforms() {
    int[] count = new int[1];
    try {
      CL.clGetPlatformIDs(0, null, count);
    } catch (CLException e) {
      if (e.getStatus() == CL.CL_PLATFORM_NOT_FOUND_KHR) {
        return List.of();
      }
      throw e;
    }
    cl_platform_id[] ids = new cl_platform_id[count[0]];
    CL.clGetPlatformIDs(ids.length, ids, null);
    var platforms = new ArrayList<Platform>();
    for (cl_platform_id id : ids) {
      platforms.add(new Platform(id, text(id)));
    }
    // the loader lists platforms as their files lie in a folder, which is no order
    platforms.sort(Comparator.comparing(Platform::name));
    return platforms;
  }

  private static void addDevices(Platform platform, List<Device> devices, List<String> reasons) {
    cl_device_id[] ids;
    try {
      int[] count = new int[1];
      CL.clGetDeviceIDs(platform.id, ALL_TYPES, 0, null, count);
      ids = new cl_device_id[count[0]];
      CL.clGetDeviceIDs(platform.id, ALL_TYPES, ids.length, ids, null);
    } catch (CLException e) {
      reasons.add(
          "The platform "
              + platform.name
              + " has no device ("
              + Failure.name(e)
              + "): check that the device is there and that you may use it.");
      return;
    }
    for (cl_device_id id : ids) {
      Device device = Device.describe(platform.id, platform.name, id);
      if (!device.isUsable()) {
        reasons.add(
            device.name() + " is not available or has no compiler: install its driver's compiler.");
      } else {
        devices.add(device);
      }
    }
  }

  private static String text(cl_platform_id id) {
    long[] size = new long[1];
    CL.clGetPlatformInfo(id, CL.CL_PLATFORM_NAME, 0, null, size);
    byte[] bytes = new byte[(int) size[0]];
    CL.clGetPlatformInfo(id, CL.CL_PLATFORM_NAME, bytes.length, Pointer.to(bytes), null);
    return text(bytes);
  }

  /** Reads a C string. */
  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
  }
}
