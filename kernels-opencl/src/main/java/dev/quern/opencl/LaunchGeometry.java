package dev.quern.opencl;

import dev.quern.DeviceInfo;
import dev.quern.gpu.host.Geometry;
import dev.quern.opencl.host.Device;

/** How work is cut for a kind of device. */
final class LaunchGeometry {
  /** Group sums run over rows of 16 work-items. */
  private static final int SMALLEST_GROUP = 16;

  private LaunchGeometry() {}

  /** Chooses the geometry of a kind of device. */
  static Geometry of(DeviceInfo.Kind kind) {
    return switch (kind) {
      // four loads in flight per work-item fill the memory pipe; a reduction takes more, so that
      // the group's closing steps are paid once per 4096 elements
      case GPU -> geometry(256, 4, 16);
      // a group is a loop on one core, vectorised over its work-items
      case CPU -> geometry(256, 4, 4);
    };
  }

  /** Chooses the geometry of a device: that of its kind, as far as its groups may be so large. */
  static Geometry of(Device device) {
    Geometry wanted = of(device.kind());
    int size = wanted.group();
    while (size > device.largestGroup() && size > SMALLEST_GROUP) {
      size /= 2;
    }
    return geometry(size, wanted.tile() / wanted.group(), wanted.chunk() / wanted.group());
  }

  private static Geometry geometry(int group, int mapItems, int reduceItems) {
    return new Geometry(group, group * mapItems, group * reduceItems);
  }

  /** Returns the compiler's definitions. */
  static String options(Geometry geometry) {
    return "-DQUERN_GROUP=%d -DQUERN_MAP_ITEMS=%d -DQUERN_REDUCE_ITEMS=%d"
        .formatted(
            geometry.group(),
            geometry.tile() / geometry.group(),
            geometry.chunk() / geometry.group());
  }
}
