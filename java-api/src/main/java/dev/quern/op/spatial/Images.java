package dev.quern.op.spatial;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.spatial.SpatialExtent;

/** Types of channels-last images. */
final class Images {
  private Images() {}

  /** The extent of images, which have to be F32 or F64 with their channels last. */
  static SpatialExtent require(String operation, TensorType x) {
    Require.floatingPoint(operation, x);
    if (x.shape().rank() != 4) {
      throw new IllegalArgumentException(
          "%s needs images of shape (N, C, H, W), got %s.".formatted(operation, x.shape()));
    }
    Require.format(operation, x, MemoryFormat.CHANNELS_LAST);
    return extent(x.shape());
  }

  static SpatialExtent extent(Shape shape) {
    return new SpatialExtent(shape.dim(0), shape.dim(2), shape.dim(3), shape.dim(1));
  }

  static TensorType type(TensorType like, SpatialExtent extent) {
    Shape shape = Shape.of(extent.images(), extent.channels(), extent.height(), extent.width());
    return new TensorType(like.dtype(), shape, MemoryFormat.CHANNELS_LAST);
  }

  /** A vector of as many elements, of the dtype of the images. */
  static void requireVector(
      String operation, String name, TensorType vector, TensorType like, long elements) {
    Require.equal(operation, name, vector, new TensorType(like.dtype(), Shape.of(elements)));
  }
}
