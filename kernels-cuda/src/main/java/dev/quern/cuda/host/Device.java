package dev.quern.cuda.host;

import java.nio.charset.StandardCharsets;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;

/**
 * One device as its driver describes it.
 *
 * @param ordinal its number, as the driver counts
 * @param name its own name
 * @param memoryBytes its memory
 * @param multiprocessors its processors
 * @param capability its compute capability, ten times the major number plus the minor one
 */
public record Device(
    int ordinal, String name, long memoryBytes, int multiprocessors, int capability) {

  static Device describe(int ordinal) {
    CUdevice handle = handle(ordinal);
    byte[] name = new byte[256];
    Failure.check("cuDeviceGetName", () -> JCudaDriver.cuDeviceGetName(name, name.length, handle));
    long[] memory = new long[1];
    Failure.check("cuDeviceTotalMem", () -> JCudaDriver.cuDeviceTotalMem(memory, handle));
    int major = attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    int minor = attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    return new Device(
        ordinal,
        text(name),
        memory[0],
        attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        10 * major + minor);
  }

  static CUdevice handle(int ordinal) {
    var handle = new CUdevice();
    Failure.check("cuDeviceGet", () -> JCudaDriver.cuDeviceGet(handle, ordinal));
    return handle;
  }

  private static int attribute(CUdevice handle, int attribute) {
    int[] value = new int[1];
    Failure.check(
        "cuDeviceGetAttribute", () -> JCudaDriver.cuDeviceGetAttribute(value, attribute, handle));
    return value[0];
  }

  private static String text(byte[] bytes) {
    int length = 0;
    while (length < bytes.length && bytes[length] != 0) {
      length++;
    }
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
