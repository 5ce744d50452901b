package dev.quern;

import java.util.List;

/**
 * What is known of a device before it is opened.
 *
 * @param backend the backend's name: {@code cuda}, {@code opencl}, {@code simd} or {@code
 *     reference}
 * @param index the device's number within its backend, counted from 0
 * @param name the device's own name
 * @param kind CPU or GPU
 * @param memoryBytes the memory it can use, in bytes; 0 if unknown
 * @param computeUnits its processors: cores or multiprocessors
 * @param driver the driver or runtime behind it, with its version
 * @param features what it offers beyond the least that its backend needs, for example {@code fp64}
 *     and {@code subgroups}; docs/backends.md lists what is asked for
 */
public record DeviceInfo(
    String backend,
    int index,
    String name,
    Kind kind,
    long memoryBytes,
    int computeUnits,
    String driver,
    List<String> features) {

  /** Copies the list. */
  public DeviceInfo {
    features = List.copyOf(features);
  }

  /** The kind of processor. */
  public enum Kind {
    /** A processor that shares the host's memory. */
    CPU,
    /** A processor with its own memory. */
    GPU
  }

  /**
   * Returns the name by which {@link Engine#open(String)} opens this device.
   *
   * @return for example {@code opencl:0}
   */
  public String id() {
    return backend + ":" + index;
  }
}
