package dev.quern.opencl.host;

import dev.quern.DeviceInfo;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * One device as its driver describes it.
 *
 * @param platform the handle of its platform
 * @param id its handle
 * @param name its own name
 * @param kind CPU or GPU; accelerators count as GPUs
 * @param memoryBytes its memory
 * @param largestBlock the most bytes one buffer may have
 * @param computeUnits its processors
 * @param largestGroup the most work-items of a group
 * @param driver the platform's name and the driver's version
 * @param identity all that a compiled program depends on: platform, device, driver, versions
 * @param features what it offers beyond OpenCL C 1.2
 */
public record Device(
    cl_platform_id platform,
    cl_device_id id,
    String name,
    DeviceInfo.Kind kind,
    long memoryBytes,
    long largestBlock,
    int computeUnits,
    long largestGroup,
    String driver,
    String identity,
    Set<Feature> features) {

  static Device describe(cl_platform_id platform, String platformName, cl_device_id id) {
    boolean cpu = (number(id, CL.CL_DEVICE_TYPE) & CL.CL_DEVICE_TYPE_CPU) != 0;
    return new Device(
        platform,
        id,
        text(id, CL.CL_DEVICE_NAME),
        cpu ? DeviceInfo.Kind.CPU : DeviceInfo.Kind.GPU,
        number(id, CL.CL_DEVICE_GLOBAL_MEM_SIZE),
        number(id, CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE),
        (int) number(id, CL.CL_DEVICE_MAX_COMPUTE_UNITS),
        number(id, CL.CL_DEVICE_MAX_WORK_GROUP_SIZE),
        platformName + " " + text(id, CL.CL_DRIVER_VERSION),
        String.join(
            "\0",
            platformName,
            text(id, CL.CL_DEVICE_VENDOR),
            text(id, CL.CL_DEVICE_NAME),
            text(id, CL.CL_DEVICE_VERSION),
            text(id, CL.CL_DRIVER_VERSION)),
        features(id));
  }

  private static Set<Feature> features(cl_device_id id) {
    List<String> extensions = List.of(text(id, CL.CL_DEVICE_EXTENSIONS).split("\\s+", -1));
    var features = EnumSet.noneOf(Feature.class);
    if (extensions.contains("cl_khr_fp16")) {
      features.add(Feature.FP16);
    }
    boolean wanted = !System.getProperty("quern.opencl.fp64", "true").equals("false");
    if (wanted && number(id, CL.CL_DEVICE_DOUBLE_FP_CONFIG) != 0) {
      features.add(Feature.FP64);
    }
    if (extensions.contains("cl_khr_int64_base_atomics")) {
      features.add(Feature.INT64_ATOMICS);
    }
    if (extensions.contains("cl_khr_subgroups") || extensions.contains("cl_intel_subgroups")) {
      features.add(Feature.SUBGROUPS);
    }
    long rounding = number(id, CL.CL_DEVICE_SINGLE_FP_CONFIG);
    if ((rounding & CL.CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0) {
      features.add(Feature.ROUNDED_DIVISION);
    }
    return Collections.unmodifiableSet(features);
  }

  /**
   * Tells whether it offers a feature.
   *
   * @param feature the feature
   * @return whether kernels may use it
   */
  public boolean has(Feature feature) {
    return features.contains(feature);
  }

  /**
   * Tells whether its driver keeps compiled programs from one process to the next. PoCL does, each
   * kernel for the group size it was launched with; asked for a program's compiled form, it would
   * compile every kernel once more, for any group size.
   *
   * @return whether there is no need to keep them beside it
   */
  public boolean keepsPrograms() {
    return driver.startsWith("Portable Computing Language");
  }

  /** Tells whether it can be used at the moment and has a compiler. */
  boolean isUsable() {
    return number(id, CL.CL_DEVICE_AVAILABLE) != 0
        && number(id, CL.CL_DEVICE_COMPILER_AVAILABLE) != 0;
  }

  private static String text(cl_device_id id, int parameter) {
    long[] size = new long[1];
    CL.clGetDeviceInfo(id, parameter, 0, null, size);
    byte[] bytes = new byte[(int) size[0]];
    CL.clGetDeviceInfo(id, parameter, bytes.length, Pointer.to(bytes), null);
    return Platforms.text(bytes);
  }

  /** Reads a number of 4 or 8 bytes; the machine is little-endian wherever JOCL has a library. */
  private static long number(cl_device_id id, int parameter) {
    long[] value = new long[1];
    CL.clGetDeviceInfo(id, parameter, Long.BYTES, Pointer.to(value), null);
    return value[0];
  }
}
