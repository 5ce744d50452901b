package dev.quern.engine;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.AddBroadcast;
import dev.quern.op.Binary;
import dev.quern.op.Convert;
import dev.quern.op.Fill;
import dev.quern.op.MatMul;
import dev.quern.op.NotEqual;
import dev.quern.op.Operation;
import dev.quern.op.Reshape;
import dev.quern.op.Scale;
import dev.quern.op.Slice;
import dev.quern.op.Sum;
import dev.quern.op.TensorType;
import dev.quern.op.ToFormat;
import dev.quern.op.Unary;
import dev.quern.op.Uniform;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.MatrixKernels;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.RandomKernels;
import dev.quern.spi.tensor.ReductionKernels;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The kernel call that an operation is: the one place where operations meet kernels. Made and
 * enqueued under the engine's lock, which its spans do not outlive.
 *
 * @param family the family called
 * @param enqueue makes the call
 */
public record OperationCall(KernelFamily family, Runnable enqueue) {

  /** Where scratch memory comes from, for the time of one call. */
  @FunctionalInterface
  public interface ScratchMemory {
    /** Lends memory of so many bytes. */
    void lend(long bytes, Consumer<Span> use);
  }

  /** The call that writes the results. */
  public static OperationCall of(
      Operation operation,
      ScratchMemory memory,
      Kernels kernels,
      List<TensorType> types,
      List<Span> in,
      List<Span> out) {
    PointwiseKernels pointwise = kernels.pointwise();
    return switch (operation) {
      case Unary(var function) ->
          new OperationCall(pointwise, () -> pointwise.unary(function, in.get(0), out.get(0)));
      case Binary(var function) ->
          new OperationCall(
              pointwise, () -> pointwise.binary(function, in.get(0), in.get(1), out.get(0)));
      case Scale(float factor) ->
          new OperationCall(pointwise, () -> pointwise.scale(in.get(0), factor, out.get(0)));
      case NotEqual(float value) ->
          new OperationCall(pointwise, () -> pointwise.notEqual(in.get(0), value, out.get(0)));
      case AddBroadcast broadcast -> {
        long inner = broadcast.inner(types.get(0));
        yield new OperationCall(
            pointwise, () -> pointwise.addBroadcast(in.get(0), in.get(1), inner, out.get(0)));
      }
      case Fill(double value, _) ->
          new OperationCall(pointwise, () -> pointwise.fill(out.get(0), value));
      case Convert _, Reshape _ ->
          new OperationCall(pointwise, () -> pointwise.copy(in.get(0), out.get(0)));
      case Slice slice -> {
        Span part = part(slice, types.get(0), in.get(0), out.get(0));
        yield new OperationCall(pointwise, () -> pointwise.copy(part, out.get(0)));
      }
      case ToFormat(var format) -> toFormat(format, kernels, types.get(0), in.get(0), out.get(0));
      case Sum _ -> {
        ReductionKernels reduction = kernels.reduction();
        yield new OperationCall(
            reduction,
            () ->
                memory.lend(
                    reduction.scratchBytes(in.get(0).length()),
                    scratch -> reduction.sum(in.get(0), out.get(0), scratch)));
      }
      case MatMul product ->
          multiply(product, false, memory, kernels.matrix(), types, in, out.get(0));
      case Uniform(var stream, _) -> {
        RandomKernels random = kernels.random();
        yield new OperationCall(random, () -> random.uniform(stream, 0, out.get(0)));
      }
    };
  }

  /** The call that adds to the outputs; null if the results have to be made first. */
  public static @Nullable OperationCall adding(
      Operation operation,
      ScratchMemory memory,
      Kernels kernels,
      List<TensorType> types,
      List<Span> in,
      List<Span> out) {
    return switch (operation) {
      case MatMul product ->
          multiply(product, true, memory, kernels.matrix(), types, in, out.get(0));
      case Slice slice ->
          add(kernels, part(slice, types.get(0), in.get(0), out.get(0)), out.get(0));
      case Reshape _ -> add(kernels, in.get(0), out.get(0));
      case Convert(var dtype) when dtype == types.get(0).dtype() ->
          add(kernels, in.get(0), out.get(0));
      case Convert _,
          ToFormat _,
          Unary _,
          Binary _,
          Scale _,
          NotEqual _,
          AddBroadcast _,
          Fill _,
          Sum _,
          Uniform _ ->
          null;
    };
  }

  private static OperationCall add(Kernels kernels, Span x, Span out) {
    PointwiseKernels pointwise = kernels.pointwise();
    return new OperationCall(pointwise, () -> pointwise.binary(BinaryOp.ADD, out, x, out));
  }

  private static Span part(Slice slice, TensorType type, Span x, Span out) {
    return new Span(x.buffer(), x.dtype(), x.offset() + slice.offset(type), out.length());
  }

  private static OperationCall multiply(
      MatMul product,
      boolean add,
      ScratchMemory memory,
      MatrixKernels matrix,
      List<TensorType> types,
      List<Span> in,
      Span out) {
    long k = product.k(types.get(0));
    long m = product.m(types.get(0));
    long n = product.n(types.get(1));
    boolean transposeA = product.transposeA();
    boolean transposeB = product.transposeB();
    Span a = in.get(0);
    Span b = in.get(1);
    Consumer<Span> work =
        add
            ? scratch -> matrix.multiplyAdd(transposeA, transposeB, m, n, k, a, b, out, scratch)
            : scratch -> matrix.multiply(transposeA, transposeB, m, n, k, a, b, out, scratch);
    return new OperationCall(matrix, () -> memory.lend(matrix.scratchBytes(m, n, k), work));
  }

  /** Between the formats of one image lies the transposition of channels and pixels. */
  private static OperationCall toFormat(
      MemoryFormat format, Kernels kernels, TensorType type, Span x, Span out) {
    if (type.is(format)) {
      PointwiseKernels pointwise = kernels.pointwise();
      return new OperationCall(pointwise, () -> pointwise.copy(x, out));
    }
    LayoutKernels layout = kernels.layout();
    Shape shape = type.shape();
    long images = shape.dim(0);
    long channels = shape.dim(1);
    long pixels = shape.dim(2) * shape.dim(3);
    return switch (format) {
      case CHANNELS_LAST ->
          new OperationCall(layout, () -> layout.transpose(x, images, channels, pixels, out));
      case CONTIGUOUS ->
          new OperationCall(layout, () -> layout.transpose(x, images, pixels, channels, out));
    };
  }
}
