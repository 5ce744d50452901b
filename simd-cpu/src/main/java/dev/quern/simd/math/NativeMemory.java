package dev.quern.simd.math;

import java.lang.foreign.MemorySegment;

/**
 * Native memory that the compiler knows to be native.
 *
 * <p>C2 learns from a profile, shared by the whole program, whether a segment that a vector is
 * loaded from or stored to is an array or native memory. Vectors turned into others (of floats into
 * ints, say) pass through small arrays until C2 has compiled that, which the profile counts too,
 * and how many it saw by then is up to chance. A loop compiled for both keeps the distinction in
 * every access: an addition in the caches takes five times as long, for as long as the process
 * lives.
 */
public final class NativeMemory {
  private static final boolean ALLOWED = NativeMemory.class.getModule().isNativeAccessEnabled();

  private NativeMemory() {}

  /**
   * Returns the same memory with the same lifetime, in a segment whose class the compiler sees in
   * the method that asks: a loop asks once before it begins. Without {@code --enable-native-access}
   * it returns the segment itself, whatever it is.
   *
   * @throws UnsupportedOperationException if it is an array, and native access enabled
   */
  public static MemorySegment known(MemorySegment segment) {
    return ALLOWED ? segment.reinterpret(segment.byteSize()) : segment;
  }
}
