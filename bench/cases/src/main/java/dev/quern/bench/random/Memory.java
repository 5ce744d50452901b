package dev.quern.bench.random;

import dev.quern.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where the operands of a case lie. */
enum Memory {
  /** Tensors of an engine. */
  TENSORS,
  /** Java arrays. */
  ARRAYS,
  /** Native memory, aligned to whole elements. */
  NATIVE,
  /** Native memory that starts at an odd address. */
  UNALIGNED;

  /** Whether operands are copied to native memory. */
  boolean isNative() {
    return this == NATIVE || this == UNALIGNED;
  }

  /** A target in its own dtype, on the heap. */
  static MemorySegment target(float[] values, DType dtype) {
    return switch (dtype) {
      case U8 -> {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
          bytes[i] = (byte) (int) values[i];
        }
        yield MemorySegment.ofArray(bytes);
      }
      case I32 -> {
        int[] ints = new int[values.length];
        for (int i = 0; i < ints.length; i++) {
          ints[i] = (int) values[i];
        }
        yield MemorySegment.ofArray(ints);
      }
      case I64 -> {
        long[] longs = new long[values.length];
        for (int i = 0; i < longs.length; i++) {
          longs[i] = (long) values[i];
        }
        yield MemorySegment.ofArray(longs);
      }
      default -> MemorySegment.ofArray(values);
    };
  }

  /** A copy in native memory of this kind. */
  MemorySegment copy(MemorySegment from, Arena arena) {
    return arena
        .allocate(from.byteSize() + Long.BYTES, Long.BYTES)
        .asSlice(this == UNALIGNED ? 3 : 0, from.byteSize())
        .copyFrom(from);
  }
}
