package dev.quern.simd.work;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Binds threads to processors, so that two workers never share one while another idles; does
 * nothing without native access or not on Linux.
 */
final class Affinity {
  private static final long BYTES = 128;

  private Affinity() {}

  /**
   * Binds the calling thread to one of the processors it may run on.
   *
   * @param number which of them, counted from 0; beyond the last, counting starts over
   */
  static void pin(int number) {
    if (!LinuxCalls.areAllowed()) {
      return;
    }
    MethodHandle get = LinuxCalls.getAffinity();
    MethodHandle set = LinuxCalls.setAffinity();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(BYTES, 8);
      int size = (int) get.invokeExact(0, BYTES, mask);
      if (size <= 0) {
        return;
      }
      int processor = processor(mask, number);
      mask.fill((byte) 0);
      mask.setAtIndex(JAVA_LONG, processor / 64, 1L << processor);
      int ignored = (int) set.invokeExact(0, BYTES, mask);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("Binding a thread to a processor failed.", e);
    }
  }

  private static int processor(MemorySegment mask, int number) {
    int count = 0;
    for (int word = 0; word < BYTES / 8; word++) {
      count += Long.bitCount(mask.getAtIndex(JAVA_LONG, word));
    }
    int left = number % count;
    for (int word = 0; ; word++) {
      long bits = mask.getAtIndex(JAVA_LONG, word);
      if (left >= Long.bitCount(bits)) {
        left -= Long.bitCount(bits);
        continue;
      }
      for (; left > 0; left--) {
        bits &= bits - 1;
      }
      return 64 * word + Long.numberOfTrailingZeros(bits);
    }
  }
}
