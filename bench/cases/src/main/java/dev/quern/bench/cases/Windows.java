package dev.quern.bench.cases;

import dev.quern.spi.spatial.SpatialExtent;
import dev.quern.spi.spatial.Window;

/** Names of shapes and windows, for the names of cases. */
final class Windows {
  private Windows() {}

  static String name(SpatialExtent extent) {
    return "%dx%dx%dx%d"
        .formatted(extent.images(), extent.height(), extent.width(), extent.channels());
  }

  static String name(Window vertical, Window horizontal) {
    return "%s and %s".formatted(name(vertical), name(horizontal));
  }

  private static String name(Window window) {
    return "%d/%d-%d*%d"
        .formatted(window.kernel(), window.stride(), window.padding(), window.dilation());
  }
}
