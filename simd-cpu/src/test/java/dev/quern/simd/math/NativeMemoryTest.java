package dev.quern.simd.math;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class NativeMemoryTest {
  @Test
  void isTheSameMemoryWithTheSameBoundsAndLifetime() {
    MemorySegment known;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment slice = arena.allocate(100).asSlice(20, 12);
      known = NativeMemory.known(slice);
      assertEquals(slice, known);
      assertTrue(NativeMemory.known(slice.asReadOnly()).isReadOnly());
      assertThrows(IndexOutOfBoundsException.class, () -> known.set(ValueLayout.JAVA_FLOAT, 12, 0));
    }
    assertThrows(IllegalStateException.class, () -> known.get(ValueLayout.JAVA_BYTE, 0));
    assertThrows(IllegalStateException.class, () -> NativeMemory.known(known));
  }

  @Test
  void arraysAreRefused() {
    MemorySegment array = MemorySegment.ofArray(new float[4]);
    assertThrows(UnsupportedOperationException.class, () -> NativeMemory.known(array));
  }
}
