package dev.quern.nn;

import static dev.quern.nn.Rule.input;
import static dev.quern.nn.Rule.output;
import static dev.quern.nn.Rule.rule;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
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
import dev.quern.op.spatial.SpatialOperation;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.UnaryOp;
import java.util.ArrayList;
import java.util.List;

/**
 * The rules of all operations, in one table: an operation without one does not compile. Only the
 * first result of an operation has a gradient; further results are what its rule reads.
 */
final class Gradients {
  private static final Binary ADD = new Binary(BinaryOp.ADD);
  private static final Binary SUBTRACT = new Binary(BinaryOp.SUBTRACT);
  private static final Binary MULTIPLY = new Binary(BinaryOp.MULTIPLY);
  private static final Binary DIVIDE = new Binary(BinaryOp.DIVIDE);
  static final Binary SELECT = new Binary(BinaryOp.SELECT);

  private Gradients() {}

  /** The rule of an operation. */
  static Rule of(Operation operation) {
    return switch (operation) {
      case Binary(var function) -> binary(function);
      case Unary(var function) ->
          function == UnaryOp.SIGN
              ? Rule.NONE
              : rule(
                  u -> u.give(0, new Unary.Gradient(function), u.gradient(), u.input(0)), input(0));
      case Scale scale -> rule(u -> u.give(0, scale, u.gradient()));
      case AddBroadcast add ->
          rule(u -> {
            u.pass(0);
            u.give(1, new AddBroadcast.VectorGradient(add), u.gradient());
          });
      case Convert convert -> rule(u -> convert(u, convert));
      case Reshape _ -> rule(u -> u.share(0, new Reshape(u.type(0).shape())));
      case ToFormat _ -> rule(u -> u.give(0, new ToFormat(u.type(0).format()), u.gradient()));
      case Permute permute -> rule(u -> permute(u, permute.inverse()));
      case Expand _ -> rule(Gradients::expand);
      case Slice(long from, long to) -> rule(u -> part(u, 0, from, to));
      case Narrow(int axis, long from, long to) -> rule(u -> part(u, axis, from, to));
      case Concat concat -> rule(u -> concat(u, concat.axis()));
      case MatMul product -> rule(u -> matmul(u, product), input(1, 0), input(0, 1));
      case Sum _, SumAxes _ -> rule(Gradients::sum);
      case MaxAxis(int axis) ->
          rule(
              u -> {
                var gradient = new MaxAxis.Gradient(axis, u.type(0).shape().dim(axis));
                u.give(0, gradient, u.gradient(), u.output(1));
              },
              output(1));
      case Softmax softmax ->
          rule(u -> u.give(0, new Softmax.Gradient(softmax), u.gradient(), u.output(0)), output(0));
      case Standardize _ ->
          rule(
              u -> u.give(0, new Standardize.Gradient(), u.gradient(), u.output(0), u.output(1)),
              output(0),
              output(1));
      case SpatialOperation spatial -> SpatialGradients.of(spatial);
      case NotEqual _, Fill _, Uniform _ -> Rule.NONE;
      case AddBroadcast.VectorGradient _,
          Unary.Gradient _,
          MaxAxis.Gradient _,
          Softmax.Gradient _,
          Standardize.Gradient _ ->
          second(operation);
    };
  }

  /** The rule of what is a gradient itself. */
  static Rule second(Operation operation) {
    return rule(_ -> {
      throw new UnsupportedOperationException(
          "%s is a gradient already, and second derivatives are not computed."
              .formatted(operation));
    });
  }

  private static Rule binary(BinaryOp function) {
    return switch (function) {
      case ADD ->
          rule(u -> {
            u.pass(0);
            u.pass(1);
          });
      case SUBTRACT ->
          rule(u -> {
            u.pass(0);
            u.give(1, new Scale(-1), u.gradient());
          });
      case MULTIPLY ->
          rule(
              u -> {
                if (u.wants(0)) {
                  u.give(0, MULTIPLY, u.gradient(), u.input(1));
                }
                if (u.wants(1)) {
                  u.give(1, MULTIPLY, u.gradient(), u.input(0));
                }
              },
              input(1, 0),
              input(0, 1));
      case DIVIDE ->
          rule(
              u -> {
                u.give(0, DIVIDE, u.gradient(), u.input(1));
                if (u.wants(1)) {
                  Tensor part = u.gradient().multiply(u.output(0)).divide(u.input(1));
                  u.give(1, new Scale(-1), part);
                }
              },
              input(1),
              output(0, 1));
      case MAX -> rule(u -> extreme(u, ADD, SUBTRACT), input(0), input(1));
      case MIN -> rule(u -> extreme(u, SUBTRACT, ADD), input(0), input(1));
      case SELECT ->
          rule(
              u -> {
                if (u.wants(0)) {
                  u.give(0, SELECT, u.gradient(), u.input(1));
                }
              },
              input(1, 0));
    };
  }

  /** Where both sides are equal each has half, as in PyTorch. */
  private static void extreme(Unwinding u, Binary first, Binary second) {
    Tensor half = u.gradient().scale(0.5f);
    Tensor side = half.multiply(u.input(0).subtract(u.input(1)).sign());
    u.give(0, first, half, side);
    u.give(1, second, half, side);
  }

  private static void convert(Unwinding u, Convert convert) {
    DType from = u.type(0).dtype();
    if (from == convert.dtype()) {
      u.pass(0);
    } else if (from == DType.F32 || from == DType.F64) {
      u.give(0, new Convert(from), u.gradient());
    }
  }

  private static void permute(Unwinding u, Permute inverse) {
    if (u.type(0).format() == MemoryFormat.CONTIGUOUS) {
      u.give(0, inverse, u.gradient());
    } else if (u.wants(0)) {
      Tensor back = u.gradient().permute(inverse.axes().stream().mapToInt(i -> i).toArray());
      u.give(0, new ToFormat(u.type(0).format()), back);
    }
  }

  /** Sums over what was repeated. */
  private static void expand(Unwinding u) {
    if (!u.wants(0)) {
      return;
    }
    TensorType x = u.type(0);
    Tensor gradient = u.gradient().contiguous();
    Shape shape = gradient.shape();
    int added = shape.rank() - x.shape().rank();
    var repeated = new ArrayList<Integer>();
    for (int axis = 0; axis < shape.rank(); axis++) {
      if (axis < added || x.shape().dim(axis - added) != shape.dim(axis)) {
        repeated.add(axis);
      }
    }
    Tensor sums =
        repeated.isEmpty()
            ? gradient
            : gradient.sum(true, repeated.stream().mapToInt(i -> i).toArray());
    try (Tensor result = sums.reshape(x.shape())) {
      u.give(0, new ToFormat(x.format()), result);
    }
  }

  private static void sum(Unwinding u) {
    TensorType x = u.type(0);
    if (x.shape().rank() == 0) {
      u.share(0, new Reshape(x.shape()));
    } else {
      u.give(0, new Expand(x.shape(), x.format()), u.gradient());
    }
  }

  /** Zeros around the gradient of a part. */
  private static void part(Unwinding u, int axis, long from, long to) {
    if (!u.wants(0)) {
      return;
    }
    TensorType x = u.type(0);
    long extent = x.shape().dim(axis);
    if (to - from == extent) {
      u.pass(0);
      return;
    }
    var parts = new ArrayList<Tensor>();
    addZeros(parts, u, x, axis, from);
    parts.add(u.gradient());
    addZeros(parts, u, x, axis, extent - to);
    u.give(0, new Concat(axis), parts.toArray(Tensor[]::new));
  }

  private static void addZeros(
      List<Tensor> parts, Unwinding u, TensorType x, int axis, long extent) {
    if (extent > 0) {
      var type = new TensorType(x.dtype(), x.shape().with(axis, extent), x.format());
      parts.add(u.gradient().engine().apply(new Fill(0, type), List.of()).getFirst());
    }
  }

  private static void concat(Unwinding u, int axis) {
    long from = 0;
    for (int i = 0; i < u.inputs(); i++) {
      long to = from + u.type(i).shape().dim(axis);
      u.give(i, new Narrow(axis, from, to), u.gradient());
      from = to;
    }
  }

  private static void matmul(Unwinding u, MatMul product) {
    boolean a = product.transposeA();
    boolean b = product.transposeB();
    Tensor g = u.gradient();
    if (u.wants(0)) {
      if (a) {
        u.give(0, new MatMul(b, true), u.input(1), g);
      } else {
        u.give(0, new MatMul(false, !b), g, u.input(1));
      }
    }
    if (u.wants(1)) {
      if (b) {
        u.give(1, new MatMul(true, a), g, u.input(0));
      } else {
        u.give(1, new MatMul(!a, false), u.input(0), g);
      }
    }
  }
}
