package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.DType;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import java.lang.foreign.MemorySegment;

/** The target of a loss: its elements as floats, which are ignored, which are faulty. */
final class LossTarget {
  /** Integers up to here are floats; ignore indices do not go further. */
  private static final long LARGEST = 1 << 24;

  private final DType dtype;
  private final MemorySegment memory;
  private final float ignored;
  private final boolean checked;
  private final int labels;
  private byte[] bytes = {};
  private long firstFault = Long.MAX_VALUE;

  LossTarget(FusedLossSpec spec, MemorySegment memory) {
    this.dtype = spec.targetDtype();
    this.memory = memory;
    Integer ignoreIndex = spec.ignoreIndex();
    this.ignored = ignoreIndex == null ? Float.NaN : ignoreIndex;
    this.checked =
        spec.layout() == Layout.LABELS || (spec.layout() == Layout.ELEMENTS && dtype != DType.F32);
    this.labels = spec.layout() == Layout.LABELS ? spec.classes() : 2;
  }

  float value(long i) {
    return switch (dtype) {
      case F32 -> memory.getAtIndex(JAVA_FLOAT_UNALIGNED, i);
      case U8 -> Byte.toUnsignedInt(memory.getAtIndex(JAVA_BYTE, i));
      case I32 -> label(memory.getAtIndex(JAVA_INT_UNALIGNED, i));
      case I64 -> label(memory.getAtIndex(JAVA_LONG_UNALIGNED, i));
      case F64, F16, BF16, BOOL ->
          throw new IllegalArgumentException("A target cannot be " + dtype + ".");
    };
  }

  /** Reads neighbouring elements. */
  void read(long first, float[] into, int n) {
    switch (dtype) {
      case F32 -> MemorySegment.copy(memory, JAVA_FLOAT_UNALIGNED, first * Float.BYTES, into, 0, n);
      case U8 -> {
        if (bytes.length < n) {
          bytes = new byte[n];
        }
        MemorySegment.copy(memory, JAVA_BYTE, first, bytes, 0, n);
        for (int j = 0; j < n; j++) {
          into[j] = Byte.toUnsignedInt(bytes[j]);
        }
      }
      default -> {
        for (int j = 0; j < n; j++) {
          into[j] = value(first + j);
        }
      }
    }
  }

  /** Labels that no float holds become one that is neither a class nor can be ignored. */
  private static float label(long value) {
    return Math.abs(Math.clamp(value, -LARGEST - 1, LARGEST + 1)) > LARGEST ? LARGEST + 2 : value;
  }

  boolean isIgnored(float t) {
    return t == ignored;
  }

  /** Whether a value that is not ignored is no label; remembers the first index of one. */
  boolean isFaulty(float t, long i) {
    boolean faulty = checked && !(t >= 0 && t < labels && t == (int) t);
    if (faulty) {
      firstFault = Math.min(firstFault, i);
    }
    return faulty;
  }

  long firstFault() {
    return firstFault;
  }
}
