package dev.quern.cuda;

import static dev.quern.cuda.host.Signature.f32;
import static dev.quern.cuda.host.Signature.int32;
import static dev.quern.cuda.host.Signature.int64;
import static dev.quern.cuda.host.Signature.pointer;
import static dev.quern.cuda.host.Signature.u8;

import dev.quern.DType;
import dev.quern.cuda.host.Buffer;
import dev.quern.cuda.host.Kernel;
import dev.quern.cuda.host.Queue;
import dev.quern.cuda.host.Signature;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.UnaryOp;
import java.util.List;

/** Launches {@code pointwise.cu}. */
final class CudaPointwiseKernels implements PointwiseKernels {
  /** The entries of {@code pointwise.cu} and their parameter structures. */
  static final List<Signature> SIGNATURES =
      List.of(
          Signature.of("fill_f32", pointer("out"), int64("n"), f32("value")),
          Signature.of("fill_i64", pointer("out"), int64("n"), int64("value")),
          Signature.of("fill_i32", pointer("out"), int64("n"), int32("value")),
          Signature.of("fill_u8", pointer("out"), int64("n"), u8("value")),
          Signature.of("copy_u8_f32", pointer("x"), pointer("out"), int64("n")),
          Signature.of("copy_i32_f32", pointer("x"), pointer("out"), int64("n")),
          Signature.of("copy_i64_f32", pointer("x"), pointer("out"), int64("n")),
          Signature.of("sigmoid", pointer("x"), pointer("out"), int64("n")),
          Signature.of("softplus", pointer("x"), pointer("out"), int64("n")),
          Signature.of("exponential", pointer("x"), pointer("out"), int64("n")),
          Signature.of("logarithm", pointer("x"), pointer("out"), int64("n")),
          Signature.of("signum", pointer("x"), pointer("out"), int64("n")),
          Signature.of("add", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("subtract", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("multiply", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("divide", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("minimum", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("maximum", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("select_nonzero", pointer("a"), pointer("b"), pointer("out"), int64("n")),
          Signature.of("scale", pointer("x"), pointer("out"), int64("n"), f32("factor")),
          Signature.of("not_equal_f32", pointer("x"), pointer("out"), int64("n"), f32("value")),
          Signature.of("not_equal_u8", pointer("x"), pointer("out"), int64("n"), f32("value")),
          Signature.of(
              "add_broadcast",
              pointer("a"),
              pointer("b"),
              pointer("out"),
              int64("n"),
              int64("width"),
              int64("inner")));

  private final FamilyModule module;
  private final Queue queue;

  CudaPointwiseKernels(FamilyModule module, Queue queue) {
    this.module = module;
    this.queue = queue;
  }

  @Override
  public void fill(Span out, double value) {
    long n = out.length();
    Kernel kernel =
        switch (out.dtype()) {
          case F32 -> module.kernel("fill_f32").tensor(out).scalar(n).scalar((float) value);
          case I64 -> module.kernel("fill_i64").tensor(out).scalar(n).scalar((long) value);
          case I32 -> module.kernel("fill_i32").tensor(out).scalar(n).scalar((int) value);
          default -> module.kernel("fill_u8").tensor(out).scalar(n).scalar((byte) (int) value);
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
      map(module.kernel(name).tensor(x).tensor(out).scalar(x.length()), x.length());
    } else if (!x.equals(out)) {
      queue.copy(
          (Buffer) x.buffer(),
          x.byteOffset(),
          (Buffer) out.buffer(),
          out.byteOffset(),
          x.byteSize());
    }
  }

  @Override
  public void unary(UnaryOp op, Span x, Span out) {
    String name =
        switch (op) {
          case SIGMOID -> "sigmoid";
          case SOFTPLUS -> "softplus";
          case EXP -> "exponential";
          case LOG -> "logarithm";
          case SIGN -> "signum";
        };
    map(module.kernel(name).tensor(x).tensor(out).scalar(x.length()), x.length());
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
    map(module.kernel(name).tensor(a).tensor(b).tensor(out).scalar(a.length()), a.length());
  }

  @Override
  public void scale(Span x, float factor, Span out) {
    Kernel kernel = module.kernel("scale");
    map(kernel.tensor(x).tensor(out).scalar(x.length()).scalar(factor), x.length());
  }

  @Override
  public void notEqual(Span x, float value, Span out) {
    Kernel kernel = module.kernel(x.dtype() == DType.U8 ? "not_equal_u8" : "not_equal_f32");
    map(kernel.tensor(x).tensor(out).scalar(x.length()).scalar(value), x.length());
  }

  @Override
  public void addBroadcast(Span a, Span b, long inner, Span out) {
    Kernel kernel = module.kernel("add_broadcast").tensor(a).tensor(b).tensor(out);
    map(kernel.scalar(a.length()).scalar(b.length()).scalar(inner), a.length());
  }

  private void map(Kernel kernel, long n) {
    module.launch(kernel, LaunchGeometry.tiles(n));
  }
}
