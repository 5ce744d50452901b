package dev.quern;

import dev.quern.op.AddBroadcast;
import dev.quern.op.Binary;
import dev.quern.op.Convert;
import dev.quern.op.MatMul;
import dev.quern.op.NotEqual;
import dev.quern.op.Operation;
import dev.quern.op.Scale;
import dev.quern.op.Sum;
import dev.quern.op.Unary;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.UnaryOp;

/** The operations of a tensor: each is short for {@link Engine#apply}. */
abstract sealed class TensorOperations permits Tensor {

  /** Applies an operation with one result to this tensor and others. */
  abstract Tensor apply(Operation operation, Tensor... others);

  /**
   * Adds elementwise.
   *
   * @param other of the same dtype, shape and format
   * @return this + other
   */
  public Tensor add(Tensor other) {
    return apply(new Binary(BinaryOp.ADD), other);
  }

  /**
   * Subtracts elementwise.
   *
   * @param other of the same dtype, shape and format
   * @return this - other
   */
  public Tensor subtract(Tensor other) {
    return apply(new Binary(BinaryOp.SUBTRACT), other);
  }

  /**
   * Multiplies elementwise.
   *
   * @param other of the same dtype, shape and format
   * @return this * other
   */
  public Tensor multiply(Tensor other) {
    return apply(new Binary(BinaryOp.MULTIPLY), other);
  }

  /**
   * Divides elementwise.
   *
   * @param other of the same dtype, shape and format
   * @return this / other
   */
  public Tensor divide(Tensor other) {
    return apply(new Binary(BinaryOp.DIVIDE), other);
  }

  /**
   * Takes the larger element; NaN wins.
   *
   * @param other of the same dtype, shape and format
   * @return max(this, other)
   */
  public Tensor maximum(Tensor other) {
    return apply(new Binary(BinaryOp.MAX), other);
  }

  /**
   * Takes the smaller element; NaN wins.
   *
   * @param other of the same dtype, shape and format
   * @return min(this, other)
   */
  public Tensor minimum(Tensor other) {
    return apply(new Binary(BinaryOp.MIN), other);
  }

  /**
   * Keeps elements where a mask is not 0; elsewhere the result is 0, even for NaN.
   *
   * @param mask of the same dtype, shape and format
   * @return the masked tensor
   */
  public Tensor where(Tensor mask) {
    return apply(new Binary(BinaryOp.SELECT), mask);
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
   * Sums all elements, in a fixed order that follows their order in memory.
   *
   * @return the sum, of the same dtype, shape (1)
   */
  public Tensor sum() {
    return apply(new Sum());
  }

  /**
   * Multiplies matrices.
   *
   * @param other of the same dtype, k x n
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
