package dev.quern.engine;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Float buffers as memory in native byte order. Java's byte buffers are big-endian unless told. */
public final class HostFloats {
  private HostFloats() {}

  /** What remains of a buffer, copied if its byte order is not the native one. */
  public static MemorySegment source(FloatBuffer values) {
    if (values.order() == ByteOrder.nativeOrder()) {
      return MemorySegment.ofBuffer(values);
    }
    float[] copy = new float[values.remaining()];
    values.duplicate().get(copy);
    return MemorySegment.ofArray(copy);
  }
}
