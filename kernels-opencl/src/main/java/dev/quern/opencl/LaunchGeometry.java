package dev.quern.opencl;

import dev.quern.DeviceInfo;
import dev.quern.opencl.host.Device;

/**
 * How work is cut for a kind of device: the constants that kernels are compiled with, and the group
 * counts that follow. They depend on the device alone, never on data or load, because the order of
 * sums depends on them.
 *
 * @param groupSize the work-items of a group
 * @param mapItems the elements of a work-item in kernels that map
 * @param reduceItems the elements of a work-item in kernels that reduce
 */
record LaunchGeometry(int groupSize, int mapItems, int reduceItems) {
  /** The extent of K that one work-item of a matrix product sums. */
  static final int MATRIX_BLOCK = 1024;

  /** Group sums run over rows of 16 work-items. */
  private static final int SMALLEST_GROUP = 16;

  /** Chooses the geometry of a kind of device. */
  static LaunchGeometry of(DeviceInfo.Kind kind) {
    return switch (kind) {
      // four loads in flight per work-item fill the memory pipe; a reduction takes more, so that
      // the group's closing steps are paid once per 4096 elements
      case GPU -> new LaunchGeometry(256, 4, 16);
      // a group is a loop on one core, vectorised over its work-items
      case CPU -> new LaunchGeometry(256, 4, 4);
    };
  }

  /** Chooses the geometry of a device: that of its kind, as far as its groups may be so large. */
  static LaunchGeometry of(Device device) {
    LaunchGeometry wanted = of(device.kind());
    int size = wanted.groupSize;
    while (size > device.largestGroup() && size > SMALLEST_GROUP) {
      size /= 2;
    }
    return new LaunchGeometry(size, wanted.mapItems, wanted.reduceItems);
  }

  /** Returns the number of groups that map {@code n} elements. */
  long tiles(long n) {
    return Math.ceilDiv(n, tile());
  }

  /** Returns the number of elements that a group maps. */
  long tile() {
    return (long) groupSize * mapItems;
  }

  /** Returns the number of elements that a group reduces. */
  long chunk() {
    return (long) groupSize * reduceItems;
  }

  /** Returns the number of groups that reduce {@code n} elements. */
  long chunks(long n) {
    return Math.ceilDiv(n, chunk());
  }

  /** Returns the number of groups with one work-item for each of {@code n}. */
  long groups(long n) {
    return Math.ceilDiv(n, groupSize);
  }

  /** Returns the compiler's definitions. */
  String options() {
    return "-DQUERN_GROUP=%d -DQUERN_MAP_ITEMS=%d -DQUERN_REDUCE_ITEMS=%d -DQUERN_MATRIX_BLOCK=%d"
        .formatted(groupSize, mapItems, reduceItems, MATRIX_BLOCK);
  }
}
