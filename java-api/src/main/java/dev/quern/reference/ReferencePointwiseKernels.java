package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.reference.element.Elements;
import dev.quern.reference.element.Functions;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.MemorySegment;

/** Elementwise loops. */
final class ReferencePointwiseKernels implements PointwiseKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : PointwiseKernels.super.support(dtype);
  }

  @Override
  public void fill(Span out, double value) {
    if (out.dtype() == DType.F64) {
      DoublePointwise.fill(out, value);
      return;
    }
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < out.length(); i++) {
      switch (out.dtype()) {
        case F32 -> target.setAtIndex(JAVA_FLOAT, i, (float) value);
        case I64 -> target.setAtIndex(JAVA_LONG, i, (long) value);
        case I32 -> target.setAtIndex(JAVA_INT, i, (int) value);
        default -> target.setAtIndex(JAVA_BYTE, i, (byte) (int) value);
      }
    }
  }

  @Override
  public void copy(Span x, Span out) {
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    if (x.dtype() == out.dtype()) {
      target.copyFrom(source);
      return;
    }
    if (x.dtype() == DType.F64 || out.dtype() == DType.F64) {
      DoublePointwise.convert(x, out);
      return;
    }
    for (long i = 0; i < x.length(); i++) {
      target.setAtIndex(JAVA_FLOAT, i, element(source, x.dtype(), i));
    }
  }

  @Override
  public void unary(UnaryOp op, Span x, Span out) {
    if (x.dtype() == DType.F64) {
      DoublePointwise.unary(op, x, out);
      return;
    }
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < x.length(); i++) {
      float v = source.getAtIndex(JAVA_FLOAT, i);
      float result =
          switch (op) {
            case SIGMOID -> FloatMath.sigmoid(v);
            case SOFTPLUS -> FloatMath.softplus(v);
            case EXP -> FloatMath.exp(v);
            case LOG -> FloatMath.log(v);
            case SIGN, RELU, LEAKY_RELU, GELU, SILU, TANH, ABS, SQRT ->
                (float) Functions.value(op, v);
          };
      target.setAtIndex(JAVA_FLOAT, i, result);
    }
  }

  @Override
  public void unaryGradient(UnaryOp op, Span x, Span gradient, Span out) {
    Elements source = Elements.of(x);
    Elements above = Elements.of(gradient);
    Elements target = Elements.of(out);
    for (long i = 0; i < x.length(); i++) {
      target.set(i, Functions.gradient(op, source.get(i), above.get(i), target));
    }
  }

  @Override
  public void binary(BinaryOp op, Span a, Span b, Span out) {
    if (a.dtype() == DType.F64) {
      DoublePointwise.binary(op, a, b, out);
      return;
    }
    MemorySegment left = HostBuffer.segment(a);
    MemorySegment right = HostBuffer.segment(b);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < a.length(); i++) {
      float u = left.getAtIndex(JAVA_FLOAT, i);
      float v = right.getAtIndex(JAVA_FLOAT, i);
      float result =
          switch (op) {
            case ADD -> u + v;
            case SUBTRACT -> u - v;
            case MULTIPLY -> u * v;
            case DIVIDE -> u / v;
            case MAX -> Math.max(u, v);
            case MIN -> Math.min(u, v);
            case SELECT -> v != 0 ? u : 0;
          };
      target.setAtIndex(JAVA_FLOAT, i, result);
    }
  }

  @Override
  public void scale(Span x, float factor, Span out) {
    if (x.dtype() == DType.F64) {
      DoublePointwise.scale(x, factor, out);
      return;
    }
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < x.length(); i++) {
      target.setAtIndex(JAVA_FLOAT, i, source.getAtIndex(JAVA_FLOAT, i) * factor);
    }
  }

  @Override
  public void notEqual(Span x, float value, Span out) {
    if (x.dtype() == DType.F64) {
      DoublePointwise.notEqual(x, value, out);
      return;
    }
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < x.length(); i++) {
      target.setAtIndex(JAVA_FLOAT, i, element(source, x.dtype(), i) != value ? 1f : 0f);
    }
  }

  @Override
  public void addBroadcast(Span a, Span b, long inner, Span out) {
    if (a.dtype() == DType.F64) {
      DoublePointwise.addBroadcast(a, b, inner, out);
      return;
    }
    MemorySegment left = HostBuffer.segment(a);
    MemorySegment right = HostBuffer.segment(b);
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < a.length(); i++) {
      float v = right.getAtIndex(JAVA_FLOAT, i / inner % b.length());
      target.setAtIndex(JAVA_FLOAT, i, left.getAtIndex(JAVA_FLOAT, i) + v);
    }
  }

  /** Reads an F32, U8, I32 or I64 element as a float. */
  static float element(MemorySegment segment, DType dtype, long index) {
    return switch (dtype) {
      case U8 -> Byte.toUnsignedInt(segment.getAtIndex(JAVA_BYTE, index));
      case I32 -> (float) segment.getAtIndex(JAVA_INT, index);
      case I64 -> (float) segment.getAtIndex(JAVA_LONG, index);
      default -> segment.getAtIndex(JAVA_FLOAT, index);
    };
  }
}
