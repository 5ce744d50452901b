package dev.quern.op;

import dev.quern.Shape;
import java.util.List;

/**
 * The product of two matrices, both F32 or both F64, (m, k) and (k, n); the result has their dtype
 * and shape (m, n).
 *
 * @param transposeA whether the first matrix is (k, m) and used transposed
 * @param transposeB whether the second matrix is (n, k) and used transposed
 */
public record MatMul(boolean transposeA, boolean transposeB) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 2);
    TensorType a = inputs.get(0);
    TensorType b = inputs.get(1);
    Require.floatingPoint("matmul", a);
    if (a.shape().rank() != 2 || b.shape().rank() != 2) {
      throw new IllegalArgumentException(
          "matmul needs two matrices, got shapes " + a.shape() + " and " + b.shape() + ".");
    }
    if (b.shape().dim(transposeB ? 1 : 0) != k(a)) {
      throw new IllegalArgumentException(
          "matmul of %s%s and %s%s: the inner extents differ."
              .formatted(
                  a.shape(),
                  transposeA ? " transposed" : "",
                  b.shape(),
                  transposeB ? " transposed" : ""));
    }
    if (a.dtype() != b.dtype()) {
      throw new IllegalArgumentException(
          "matmul of %s and %s: both sides must be equal in dtype.".formatted(a, b));
    }
    return List.of(new TensorType(a.dtype(), Shape.of(m(a), n(b))));
  }

  /**
   * Returns the rows of the result.
   *
   * @param a the type of the first matrix
   * @return m
   */
  public long m(TensorType a) {
    return a.shape().dim(transposeA ? 1 : 0);
  }

  /**
   * Returns the columns of the result.
   *
   * @param b the type of the second matrix
   * @return n
   */
  public long n(TensorType b) {
    return b.shape().dim(transposeB ? 0 : 1);
  }

  /**
   * Returns the summed extent.
   *
   * @param a the type of the first matrix
   * @return k
   */
  public long k(TensorType a) {
    return a.shape().dim(transposeA ? 0 : 1);
  }
}
