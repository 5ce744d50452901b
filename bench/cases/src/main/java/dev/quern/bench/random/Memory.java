package dev.quern.bench.random;

import dev.quern.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Where a case's operands lie. */
enum Memory {
  /** Tensors of an engine. */
  TENSORS,
  /** Views of tensors that start somewhere in the middle. */
  SLICES,
  /** Java arrays, through the forms without an engine. */
  ARRAYS,
  /** Memory outside the heap, through the forms without an engine. */
  NATIVE,
  /** Memory outside the heap that starts at an odd address, through the forms without an engine. */
  UNALIGNED;

  /** Elements before a view. */
  static final int BEFORE = 3;

  /** Whether an engine is needed. */
  boolean isTensors() {
    return this == TENSORS || this == SLICES;
  }

  /** A copy of a heap segment in this memory. */
  MemorySegment place(MemorySegment heap, Arena arena) {
    if (this == ARRAYS) {
      return heap;
    }
    long before = this == UNALIGNED ? 1 : 0;
    MemorySegment placed =
        arena.allocate(heap.byteSize() + before + 1, 64).asSlice(before, heap.byteSize());
    placed.copyFrom(heap);
    return placed;
  }

  /** Numbers as a heap array of a dtype, in memory of whole elements after {@code before} others. */
  static MemorySegment encode(float[] values, int before, DType dtype) {
    int length = before + values.length;
    switch (dtype) {
      case U8 -> {
        byte[] bytes = new byte[length];
        for (int i = 0; i < values.length; i++) {
          bytes[before + i] = (byte) values[i];
        }
        return MemorySegment.ofArray(bytes);
      }
      case I32 -> {
        int[] ints = new int[length];
        for (int i = 0; i < values.length; i++) {
          ints[before + i] = (int) values[i];
        }
        return MemorySegment.ofArray(ints);
      }
      case I64 -> {
        long[] longs = new long[length];
        for (int i = 0; i < values.length; i++) {
          longs[before + i] = (long) values[i];
        }
        return MemorySegment.ofArray(longs);
      }
      default -> {
        float[] floats = new float[length];
        System.arraycopy(values, 0, floats, before, values.length);
        return MemorySegment.ofArray(floats);
      }
    }
  }

  static float[] floats(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }
}
