package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.reference.element.Functions;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.MemorySegment;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/**
 * Elementwise loops in F64, with the functions of {@link StrictMath}. Layouts are unaligned, as
 * borrowed memory may start at a multiple of 4 bytes.
 */
final class DoublePointwise {
  private DoublePointwise() {}

  static void fill(Span out, double value) {
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < out.length(); i++) {
      target.setAtIndex(JAVA_DOUBLE_UNALIGNED, i, value);
    }
  }

  /** To or from F64. */
  static void convert(Span x, Span out) {
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < x.length(); i++) {
      switch (x.dtype()) {
        case F64 -> {
          double value = source.getAtIndex(JAVA_DOUBLE_UNALIGNED, i);
          target.setAtIndex(JAVA_FLOAT, i, (float) value);
        }
        case F32 -> set(target, i, source.getAtIndex(JAVA_FLOAT, i));
        case I32 -> set(target, i, source.getAtIndex(JAVA_INT, i));
        case I64 -> set(target, i, (double) source.getAtIndex(JAVA_LONG_UNALIGNED, i));
        default -> set(target, i, Byte.toUnsignedInt(source.getAtIndex(JAVA_BYTE, i)));
      }
    }
  }

  static void unary(UnaryOp op, Span x, Span out) {
    map(x, out, v -> Functions.value(op, v));
  }

  static void binary(BinaryOp op, Span a, Span b, Span out) {
    DoubleBinaryOperator function =
        switch (op) {
          case ADD -> (u, v) -> u + v;
          case SUBTRACT -> (u, v) -> u - v;
          case MULTIPLY -> (u, v) -> u * v;
          case DIVIDE -> (u, v) -> u / v;
          case MAX -> Math::max;
          case MIN -> Math::min;
          case SELECT -> (u, v) -> v != 0 ? u : 0;
        };
    MemorySegment left = HostBuffer.segment(a);
    MemorySegment right = HostBuffer.segment(b);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < a.length(); i++) {
      set(target, i, function.applyAsDouble(get(left, i), get(right, i)));
    }
  }

  static void scale(Span x, float factor, Span out) {
    map(x, out, v -> v * factor);
  }

  static void notEqual(Span x, float value, Span out) {
    map(x, out, v -> v != value ? 1 : 0);
  }

  static void addBroadcast(Span a, Span b, long inner, Span out) {
    MemorySegment left = HostBuffer.segment(a);
    MemorySegment right = HostBuffer.segment(b);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < a.length(); i++) {
      set(target, i, get(left, i) + get(right, i / inner % b.length()));
    }
  }

  private static void map(Span x, Span out, DoubleUnaryOperator function) {
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < x.length(); i++) {
      set(target, i, function.applyAsDouble(get(source, i)));
    }
  }

  private static double get(MemorySegment segment, long index) {
    return segment.getAtIndex(JAVA_DOUBLE_UNALIGNED, index);
  }

  private static void set(MemorySegment segment, long index, double value) {
    segment.setAtIndex(JAVA_DOUBLE_UNALIGNED, index, value);
  }
}
