package dev.quern;

import dev.quern.op.AddBroadcast;
import dev.quern.op.Binary;
import dev.quern.op.Convert;
import dev.quern.op.MatMul;
import dev.quern.op.MaxAxis;
import dev.quern.op.NotEqual;
import dev.quern.op.Operation;
import dev.quern.op.Scale;
import dev.quern.op.Softmax;
import dev.quern.op.Sum;
import dev.quern.op.SumAxes;
import dev.quern.op.Unary;
import dev.quern.op.shape.Concat;
import dev.quern.op.shape.Expand;
import dev.quern.op.shape.Narrow;
import dev.quern.op.shape.Permute;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.UnaryOp;
import java.util.List;
import java.util.stream.IntStream;

/** The operations of a tensor: each is short for {@link Engine#apply}. */
abstract sealed class TensorOperations permits Tensor {

  /** Applies an operation with one result to this tensor and others. */
  abstract Tensor apply(Operation operation, Tensor... others);

  /** This tensor. */
  abstract Tensor self();

  /** Repeats a side whose extents are 1 where those of the other are not. */
  private Tensor elementwise(BinaryOp function, Tensor other) {
    Tensor self = self();
    var operation = new Binary(function);
    if (self.shape().equals(other.shape())) {
      return apply(operation, other);
    }
    Shape shape = Expand.together(self.shape(), other.shape());
    MemoryFormat format = shape.equals(other.shape()) ? other.format() : self.format();
    if (shape.rank() != 4) {
      format = MemoryFormat.CONTIGUOUS;
    }
    try (Tensor left = self.expand(shape, format);
        Tensor right = other.expand(shape, format)) {
      return left.apply(operation, right);
    }
  }

  /**
   * Adds elementwise.
   *
   * @param other of the same dtype; shapes go together as in NumPy, formats are equal
   * @return this + other
   */
  public Tensor add(Tensor other) {
    return elementwise(BinaryOp.ADD, other);
  }

  /**
   * Subtracts elementwise.
   *
   * @param other of the same dtype; shapes go together as in NumPy, formats are equal
   * @return this - other
   */
  public Tensor subtract(Tensor other) {
    return elementwise(BinaryOp.SUBTRACT, other);
  }

  /**
   * Multiplies elementwise.
   *
   * @param other of the same dtype; shapes go together as in NumPy, formats are equal
   * @return this * other
   */
  public Tensor multiply(Tensor other) {
    return elementwise(BinaryOp.MULTIPLY, other);
  }

  /**
   * Divides elementwise.
   *
   * @param other of the same dtype; shapes go together as in NumPy, formats are equal
   * @return this / other
   */
  public Tensor divide(Tensor other) {
    return elementwise(BinaryOp.DIVIDE, other);
  }

  /**
   * Takes the larger element; NaN wins.
   *
   * @param other of the same dtype; shapes go together as in NumPy, formats are equal
   * @return max(this, other)
   */
  public Tensor maximum(Tensor other) {
    return elementwise(BinaryOp.MAX, other);
  }

  /**
   * Takes the smaller element; NaN wins.
   *
   * @param other of the same dtype; shapes go together as in NumPy, formats are equal
   * @return min(this, other)
   */
  public Tensor minimum(Tensor other) {
    return elementwise(BinaryOp.MIN, other);
  }

  /**
   * Keeps elements where a mask is not 0; elsewhere the result is 0, even for NaN.
   *
   * @param mask of the same dtype; shapes go together as in NumPy, formats are equal
   * @return the masked tensor
   */
  public Tensor where(Tensor mask) {
    return elementwise(BinaryOp.SELECT, mask);
  }

  /**
   * Multiplies by a number.
   *
   * @param factor the number
   * @return this * factor
   */
  public Tensor scale(float factor) {
    return apply(new Scale(factor));
  }

  /**
   * Computes 1 / (1 + e^-x) elementwise.
   *
   * @return the sigmoid
   */
  public Tensor sigmoid() {
    return apply(new Unary(UnaryOp.SIGMOID));
  }

  /**
   * Computes ln(1 + e^x) elementwise, without overflow.
   *
   * @return the softplus
   */
  public Tensor softplus() {
    return apply(new Unary(UnaryOp.SOFTPLUS));
  }

  /**
   * Computes e^x elementwise.
   *
   * @return the exponential
   */
  public Tensor exp() {
    return apply(new Unary(UnaryOp.EXP));
  }

  /**
   * Computes the natural logarithm elementwise.
   *
   * @return ln(this): -infinity for 0, NaN for negative elements
   */
  public Tensor log() {
    return apply(new Unary(UnaryOp.LOG));
  }

  /**
   * Tells the signs of the elements.
   *
   * @return 1 where this is positive, -1 where it is negative, 0 where it is 0 or NaN
   */
  public Tensor sign() {
    return apply(new Unary(UnaryOp.SIGN));
  }

  /**
   * Tells where the elements differ from a value; NaN differs from everything.
   *
   * @param value the value
   * @return 1 where this, F32, U8 or F64, differs from the value, else 0; F64 for F64, else F32
   */
  public Tensor notEqual(float value) {
    return apply(new NotEqual(value));
  }

  /**
   * Converts to F32, rounding to the nearest.
   *
   * @return a copy of a U8, I32, I64, F32 or F64 tensor as F32
   */
  public Tensor toF32() {
    return apply(new Convert(DType.F32));
  }

  /**
   * Converts to F64, which the reference backend computes in.
   *
   * @return a copy of a U8, I32, I64, F32 or F64 tensor as F64, rounded to the nearest
   */
  public Tensor toF64() {
    return apply(new Convert(DType.F64));
  }

  /**
   * Adds a vector along one axis, the same for all other indices.
   *
   * @param vector of the same dtype and rank 1, as long as that axis
   * @param axis the axis; negative counts from the innermost, -1
   * @return the sum
   */
  public Tensor addBroadcast(Tensor vector, int axis) {
    return apply(new AddBroadcast(axis), vector);
  }

  /**
   * Computes the greater of 0 and x elementwise; NaN stays.
   *
   * @return max(0, this)
   */
  public Tensor relu() {
    return apply(new Unary(UnaryOp.RELU));
  }

  /**
   * Computes x where it is positive, else x / 100, elementwise.
   *
   * @return the leaky ReLU of slope 0.01
   */
  public Tensor leakyRelu() {
    return apply(new Unary(UnaryOp.LEAKY_RELU));
  }

  /**
   * Computes x (1 + erf(x / sqrt 2)) / 2 elementwise.
   *
   * @return the exact GELU
   */
  public Tensor gelu() {
    return apply(new Unary(UnaryOp.GELU));
  }

  /**
   * Computes x / (1 + e^-x) elementwise.
   *
   * @return the SiLU
   */
  public Tensor silu() {
    return apply(new Unary(UnaryOp.SILU));
  }

  /**
   * Computes the hyperbolic tangent elementwise.
   *
   * @return tanh(this)
   */
  public Tensor tanh() {
    return apply(new Unary(UnaryOp.TANH));
  }

  /**
   * Computes magnitudes elementwise.
   *
   * @return |this|
   */
  public Tensor abs() {
    return apply(new Unary(UnaryOp.ABS));
  }

  /**
   * Computes roots elementwise.
   *
   * @return the square root; NaN for negative elements
   */
  public Tensor sqrt() {
    return apply(new Unary(UnaryOp.SQRT));
  }

  /**
   * Repeats elements along axes of extent 1 and along new outermost axes.
   *
   * @param dims the result's shape; aligned at the innermost axis, each extent of this is equal to
   *     it or 1
   * @return a copy, in the format of this if that has as many axes, else CONTIGUOUS
   */
  public Tensor expand(long... dims) {
    Tensor self = self();
    boolean same = self.shape().rank() == dims.length;
    return expand(Shape.of(dims), same ? self.format() : MemoryFormat.CONTIGUOUS);
  }

  /** A view if nothing is repeated and the format is the same. */
  Tensor expand(Shape shape, MemoryFormat format) {
    Tensor self = self();
    if (self.shape().equals(shape)) {
      return self.in(format);
    }
    return apply(new Expand(shape, format));
  }

  /**
   * Exchanges axes.
   *
   * @param axes the axis of this that becomes axis 0, 1, ...: each once, from 0
   * @return a copy, in CONTIGUOUS format
   */
  public Tensor permute(int... axes) {
    return apply(new Permute(IntStream.of(axes).boxed().toList()));
  }

  /**
   * Copies consecutive entries of an axis; of the outermost, {@link Tensor#slice} is a view.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @param from the first entry
   * @param to one past the last entry
   * @return a copy, in the same format
   */
  public Tensor narrow(int axis, long from, long to) {
    return apply(new Narrow(axis, from, to));
  }

  /**
   * Joins this and others along an axis, in this order.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @param others alike in dtype, format and all other extents
   * @return the joined tensor
   */
  public Tensor concat(int axis, Tensor... others) {
    return apply(new Concat(axis), others);
  }

  /**
   * Computes e^x / sum of e^x along an axis, without overflow.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @return the softmax of this CONTIGUOUS tensor
   */
  public Tensor softmax(int axis) {
    return apply(new Softmax(axis, false));
  }

  /**
   * Computes the logarithm of the softmax along an axis.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @return the logarithms, of this CONTIGUOUS tensor
   */
  public Tensor logSoftmax(int axis) {
    return apply(new Softmax(axis, true));
  }

  /**
   * Finds the greatest elements along an axis: NaN wins.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @return the elements, of the shape without the axis
   */
  public Tensor max(int axis) {
    List<Tensor> results = self().engine().apply(new MaxAxis(axis), List.of(self()));
    results.get(1).close();
    return results.getFirst();
  }

  /**
   * Finds where the greatest elements along an axis are: among equal ones the first, NaN above all.
   *
   * @param axis the axis; negative counts from the innermost, -1
   * @return I32, their indices, of the shape without the axis
   */
  public Tensor argmax(int axis) {
    List<Tensor> results = self().engine().apply(new MaxAxis(axis), List.of(self()));
    results.getFirst().close();
    return results.get(1);
  }

  /**
   * Sums over axes, in a fixed order.
   *
   * @param keep whether the axes stay with the extent 1; else they go
   * @param axes which, at least one; negative ones count from the innermost, -1
   * @return the sums, of the same dtype; this is CONTIGUOUS, or the axes are 2 and 3
   */
  public Tensor sum(boolean keep, int... axes) {
    Tensor self = self();
    int[] sorted = IntStream.of(axes).map(self.shape()::index).distinct().sorted().toArray();
    if (sorted.length == 0) {
      throw new IllegalArgumentException("A sum over axes needs at least one; sum() takes all.");
    }
    Tensor sums = self;
    for (int last = sorted.length - 1; last >= 0; last--) {
      int first = last;
      while (first > 0 && sorted[first - 1] == sorted[first] - 1) {
        first--;
      }
      Tensor next = sums.apply(new SumAxes(sorted[first], sorted[last]));
      if (sums != self) {
        sums.close();
      }
      sums = next;
      last = first;
    }
    if (keep) {
      return sums;
    }
    try (Tensor all = sums) {
      Shape rest = all.shape();
      for (int i = sorted.length - 1; i >= 0; i--) {
        rest = rest.without(sorted[i]);
      }
      return all.reshape(rest);
    }
  }

  /**
   * Computes means over axes.
   *
   * @param keep whether the axes stay with the extent 1; else they go
   * @param axes which, at least one; negative ones count from the innermost, -1
   * @return the means, NaN of no elements; this is CONTIGUOUS, or the axes are 2 and 3
   */
  public Tensor mean(boolean keep, int... axes) {
    try (Tensor sums = sum(keep, axes)) {
      Shape shape = self().shape();
      long count = 1;
      for (int axis : IntStream.of(axes).map(shape::index).distinct().toArray()) {
        count *= shape.dim(axis);
      }
      return sums.scale((float) (1.0 / count));
    }
  }

  /**
   * Sums all elements, in a fixed order that follows their order in memory.
   *
   * @return the sum, of the same dtype, shape (1)
   */
  public Tensor sum() {
    return apply(new Sum());
  }

  /**
   * Multiplies matrices, or as many pairs of them.
   *
   * @param other of the same dtype, k x n; as many of them if this has more than two axes
   * @return this (m x k) * other
   */
  public Tensor matmul(Tensor other) {
    return matmul(other, false, false);
  }

  /**
   * Multiplies matrices, either of them transposed.
   *
   * @param other of the same dtype, k x n, or n x k if transposed
   * @param transposeThis whether this is k x m and used transposed
   * @param transposeOther whether the other is used transposed
   * @return an m x n tensor
   */
  public Tensor matmul(Tensor other, boolean transposeThis, boolean transposeOther) {
    return apply(new MatMul(transposeThis, transposeOther), other);
  }
}
