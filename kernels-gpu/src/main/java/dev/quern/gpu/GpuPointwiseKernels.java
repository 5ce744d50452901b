package dev.quern.gpu;

import dev.quern.DType;
import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.UnaryOp;

/** Launches {@code pointwise}. */
final class GpuPointwiseKernels implements PointwiseKernels {
  private final GpuFamily family;
  private final DeviceMemory memory;

  GpuPointwiseKernels(GpuFamily family, DeviceMemory memory) {
    this.family = family;
    this.memory = memory;
  }

  @Override
  public void fill(Span out, double value) {
    long n = out.length();
    Launch kernel =
        switch (out.dtype()) {
          case F32 -> family.kernel("fill_f32").tensor(out).scalar(n).scalar((float) value);
          case I64 -> family.kernel("fill_i64").tensor(out).scalar(n).scalar((long) value);
          case I32 -> family.kernel("fill_i32").tensor(out).scalar(n).scalar((int) value);
          default -> family.kernel("fill_u8").tensor(out).scalar(n).scalar((byte) (int) value);
        };
    map(kernel, n);
  }

  @Override
  public void copy(Span x, Span out) {
    if (x.dtype() != out.dtype()) {
      String name =
          switch (x.dtype()) {
            case I32 -> "copy_i32_f32";
            case I64 -> "copy_i64_f32";
            default -> "copy_u8_f32";
          };
      map(family.kernel(name).tensor(x).tensor(out).scalar(x.length()), x.length());
    } else if (!x.equals(out)) {
      memory.copy(x.buffer(), x.byteOffset(), out.buffer(), out.byteOffset(), x.byteSize());
    }
  }

  @Override
  public void unary(UnaryOp op, Span x, Span out) {
    Launch kernel = family.kernel(entry(op));
    map(kernel.tensor(x).tensor(out).scalar(x.length()), x.length());
  }

  @Override
  public void unaryGradient(UnaryOp op, Span x, Span gradient, Span out) {
    if (op == UnaryOp.SIGN) {
      fill(out, 0);
      return;
    }
    Launch kernel = family.kernel(entry(op) + "_gradient");
    map(kernel.tensor(x).tensor(gradient).tensor(out).scalar(x.length()), x.length());
  }

  private static String entry(UnaryOp op) {
    return switch (op) {
      case SIGMOID -> "sigmoid";
      case SOFTPLUS -> "softplus";
      case EXP -> "exponential";
      case LOG -> "logarithm";
      case SIGN -> "signum";
      case RELU -> "relu";
      case LEAKY_RELU -> "leaky_relu";
      case GELU -> "gelu";
      case SILU -> "silu";
      case TANH -> "hyperbolic_tangent";
      case ABS -> "magnitude";
      case SQRT -> "root";
    };
  }

  @Override
  public void binary(BinaryOp op, Span a, Span b, Span out) {
    String name =
        switch (op) {
          case ADD -> "add";
          case SUBTRACT -> "subtract";
          case MULTIPLY -> "multiply";
          case DIVIDE -> "divide";
          case MAX -> "maximum";
          case MIN -> "minimum";
          case SELECT -> "select_nonzero";
        };
    map(family.kernel(name).tensor(a).tensor(b).tensor(out).scalar(a.length()), a.length());
  }

  @Override
  public void scale(Span x, float factor, Span out) {
    Launch kernel = family.kernel("scale");
    map(kernel.tensor(x).tensor(out).scalar(x.length()).scalar(factor), x.length());
  }

  @Override
  public void notEqual(Span x, float value, Span out) {
    Launch kernel = family.kernel(x.dtype() == DType.U8 ? "not_equal_u8" : "not_equal_f32");
    map(kernel.tensor(x).tensor(out).scalar(x.length()).scalar(value), x.length());
  }

  @Override
  public void addBroadcast(Span a, Span b, long inner, Span out) {
    Launch kernel = family.kernel("add_broadcast").tensor(a).tensor(b).tensor(out);
    map(kernel.scalar(a.length()).scalar(b.length()).scalar(inner), a.length());
  }

  private void map(Launch kernel, long n) {
    kernel.enqueue(family.geometry().tiles(n));
  }
}
