package dev.quern.engine;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.AddBroadcast;
import dev.quern.op.Binary;
import dev.quern.op.Convert;
import dev.quern.op.Fill;
import dev.quern.op.MatMul;
import dev.quern.op.MaxAxis;
import dev.quern.op.NotEqual;
import dev.quern.op.Operation;
import dev.quern.op.Scale;
import dev.quern.op.Softmax;
import dev.quern.op.Standardize;
import dev.quern.op.Sum;
import dev.quern.op.SumAxes;
import dev.quern.op.TensorType;
import dev.quern.op.Unary;
import dev.quern.op.Uniform;
import dev.quern.op.shape.Concat;
import dev.quern.op.shape.Expand;
import dev.quern.op.shape.Narrow;
import dev.quern.op.shape.Permute;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.op.spatial.Convolution;
import dev.quern.op.spatial.SpatialOperation;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.Plan;
import dev.quern.spi.Span;
import dev.quern.spi.spatial.ConvolutionPlan;
import dev.quern.spi.spatial.NormalizationKernels;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.MatrixKernels;
import dev.quern.spi.tensor.PointwiseKernels;
import dev.quern.spi.tensor.RandomKernels;
import dev.quern.spi.tensor.ReductionKernels;
import dev.quern.spi.tensor.StridedView;
import java.util.List;
import java.util.Objects;
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

  /**
   * The call that writes the results.
   *
   * @param plan what was prepared for an operation on images; null for others
   */
  public static OperationCall of(
      Operation operation,
      @Nullable Plan plan,
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
      case AddBroadcast.VectorGradient gradient ->
          vectorGradient(gradient, memory, kernels, types.get(0), in.get(0), out.get(0));
      case Unary.Gradient(var function) ->
          new OperationCall(
              pointwise, () -> pointwise.unaryGradient(function, in.get(1), in.get(0), out.get(0)));
      case Permute permute -> strided(permute.view(types.get(0)), kernels, in, out);
      case Expand expand -> strided(expand.view(types.get(0)), kernels, in, out);
      case Narrow narrow -> strided(narrow.view(types.get(0)), kernels, in, out);
      case Concat concat -> {
        LayoutKernels layout = kernels.layout();
        long rows = concat.rows(types);
        yield new OperationCall(layout, () -> layout.concat(rows, in, out.get(0)));
      }
      case SumAxes sum -> {
        TensorType x = types.get(0);
        yield sumAxis(
            sum.outer(x), sum.count(x), sum.inner(x), memory, kernels, in.get(0), out.get(0));
      }
      case MaxAxis(int axis) -> {
        Shape shape = types.get(0).shape();
        long count = shape.dim(axis);
        long inner = shape.elementsFrom(shape.index(axis) + 1);
        long outer = out.get(0).length() / Math.max(1, inner);
        ReductionKernels reduction = kernels.reduction();
        yield new OperationCall(
            reduction,
            () -> reduction.maxAxis(outer, count, inner, in.get(0), out.get(0), out.get(1)));
      }
      case MaxAxis.Gradient gradient -> {
        long inner = gradient.inner(types.get(0));
        long outer = in.get(0).length() / Math.max(1, inner);
        ReductionKernels reduction = kernels.reduction();
        yield new OperationCall(
            reduction,
            () ->
                reduction.scatterAxis(
                    outer, gradient.extent(), inner, in.get(0), in.get(1), out.get(0)));
      }
      case Softmax softmax -> softmax(softmax, kernels, types.get(0), in, out, false);
      case Softmax.Gradient(var softmax) -> softmax(softmax, kernels, types.get(0), in, out, true);
      case Standardize(float epsilon) -> {
        NormalizationKernels normalization = kernels.normalization();
        long rows = out.get(1).length();
        long columns = types.get(0).shape().dim(-1);
        yield new OperationCall(
            normalization,
            () ->
                normalization.standardize(
                    rows, columns, epsilon, in.get(0), out.get(0), out.get(1)));
      }
      case Standardize.Gradient _ -> {
        NormalizationKernels normalization = kernels.normalization();
        long rows = in.get(2).length();
        long columns = types.get(0).shape().dim(-1);
        yield new OperationCall(
            normalization,
            () ->
                normalization.standardizeGradient(
                    rows, columns, in.get(0), in.get(1), in.get(2), out.get(0)));
      }
      case SpatialOperation spatial ->
          new SpatialCall(memory, kernels, types, in, out)
              .of(spatial, Objects.requireNonNull(plan, "an operation on images has a plan"));
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
      @Nullable Plan plan,
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
      case Convolution.WeightGradient _ when plan instanceof ConvolutionPlan convolution ->
          new SpatialCall(memory, kernels, types, in, out).weightGradientAdd(convolution);
      default -> null;
    };
  }

  private static OperationCall add(Kernels kernels, Span x, Span out) {
    PointwiseKernels pointwise = kernels.pointwise();
    return new OperationCall(pointwise, () -> pointwise.binary(BinaryOp.ADD, out, x, out));
  }

  private static Span part(Slice slice, TensorType type, Span x, Span out) {
    return part(x, slice.offset(type), out.length());
  }

  private static Span part(Span x, long from, long length) {
    return new Span(x.buffer(), x.dtype(), x.offset() + from, length);
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
    Consumer<Span> work =
        scratch -> {
          for (long i = 0; i < product.products(types.get(0)); i++) {
            Span a = part(in.get(0), i * m * k, m * k);
            Span b = part(in.get(1), i * k * n, k * n);
            Span result = part(out, i * m * n, m * n);
            if (add) {
              matrix.multiplyAdd(transposeA, transposeB, m, n, k, a, b, result, scratch);
            } else {
              matrix.multiply(transposeA, transposeB, m, n, k, a, b, result, scratch);
            }
          }
        };
    return new OperationCall(matrix, () -> memory.lend(matrix.scratchBytes(m, n, k), work));
  }

  private static OperationCall strided(
      StridedView view, Kernels kernels, List<Span> in, List<Span> out) {
    LayoutKernels layout = kernels.layout();
    return new OperationCall(layout, () -> layout.copyStrided(view, in.get(0), out.get(0)));
  }

  private static OperationCall sumAxis(
      long outer, long count, long inner, ScratchMemory memory, Kernels kernels, Span x, Span out) {
    ReductionKernels reduction = kernels.reduction();
    return new OperationCall(
        reduction,
        () ->
            memory.lend(
                reduction.axisScratchBytes(outer, count, inner),
                scratch -> reduction.sumAxis(outer, count, inner, x, out, scratch)));
  }

  /** Sums inside the axis, and then outside. */
  private static OperationCall vectorGradient(
      AddBroadcast.VectorGradient gradient,
      ScratchMemory memory,
      Kernels kernels,
      TensorType type,
      Span x,
      Span out) {
    long inner = gradient.sum().inner(type);
    long extent = out.length();
    long outer = x.length() / Math.max(1, inner * extent);
    if (inner == 1) {
      return sumAxis(1, outer, extent, memory, kernels, x, out);
    }
    if (outer == 1) {
      return sumAxis(extent, inner, 1, memory, kernels, x, out);
    }
    int bytes = type.dtype().bytes();
    Runnable both =
        () ->
            memory.lend(
                Math.max(1, outer * extent * bytes),
                lent -> {
                  Span sums =
                      new Span(
                          lent.buffer(), type.dtype(), lent.byteOffset() / bytes, outer * extent);
                  sumAxis(outer * extent, inner, 1, memory, kernels, x, sums).enqueue().run();
                  sumAxis(1, outer, extent, memory, kernels, sums, out).enqueue().run();
                });
    return new OperationCall(kernels.reduction(), both);
  }

  private static OperationCall softmax(
      Softmax softmax,
      Kernels kernels,
      TensorType type,
      List<Span> in,
      List<Span> out,
      boolean gradient) {
    NormalizationKernels normalization = kernels.normalization();
    boolean logarithm = softmax.logarithm();
    long count = type.shape().dim(softmax.axis());
    long inner = softmax.inner(type);
    long outer = type.shape().elements() / Math.max(1, count * inner);
    Span x = in.get(0);
    Span result = out.get(0);
    return new OperationCall(
        normalization,
        gradient
            ? () ->
                normalization.softmaxGradient(logarithm, outer, count, inner, x, in.get(1), result)
            : () -> normalization.softmax(logarithm, outer, count, inner, x, result));
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
