package dev.quern.simd.work;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Native memory that grows as needed and does not keep what it holds. */
public final class GrowingMemory {
  private MemorySegment memory = MemorySegment.NULL;

  /** Returns the memory, of so many bytes at least. */
  public MemorySegment atLeast(long bytes) {
    if (memory.byteSize() < bytes) {
      memory = Arena.ofAuto().allocate(bytes, 64);
    }
    return memory;
  }
}
