package dev.quern.op;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import java.util.List;

/**
 * The product of two matrices, both F32 or both F64, (m, k) and (k, n); the result has their dtype
 * and shape (m, n). Of tensors of more axes, all CONTIGUOUS and alike but for the last two, each
 * pair of matrices is multiplied.
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
    int rank = a.shape().rank();
    if (rank < 2 || b.shape().rank() != rank) {
      throw new IllegalArgumentException(
          "matmul needs two matrices, or as many of each, got shapes %s and %s."
              .formatted(a.shape(), b.shape()));
    }
    Require.format("matmul", a, MemoryFormat.CONTIGUOUS);
    Require.format("matmul", b, MemoryFormat.CONTIGUOUS);
    if (!batch(a).equals(batch(b))) {
      throw new IllegalArgumentException(
          "matmul of %s and %s: the extents of all but the last two axes must be equal."
              .formatted(a.shape(), b.shape()));
    }
    if (b.shape().dim(transposeB ? -1 : -2) != k(a)) {
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
    Shape result = a.shape().with(-2, m(a)).with(-1, n(b));
    return List.of(new TensorType(a.dtype(), result));
  }

  private static Shape batch(TensorType x) {
    return x.shape().without(-1).without(-1);
  }

  /**
   * Counts the products.
   *
   * @param a the type of the first matrices
   * @return one for each pair of matrices
   */
  public long products(TensorType a) {
    return batch(a).elements();
  }

  /**
   * Returns the rows of the result.
   *
   * @param a the type of the first matrix
   * @return m
   */
  public long m(TensorType a) {
    return a.shape().dim(transposeA ? -1 : -2);
  }

  /**
   * Returns the columns of the result.
   *
   * @param b the type of the second matrix
   * @return n
   */
  public long n(TensorType b) {
    return b.shape().dim(transposeB ? -2 : -1);
  }

  /**
   * Returns the summed extent.
   *
   * @param a the type of the first matrix
   * @return k
   */
  public long k(TensorType a) {
    return a.shape().dim(transposeA ? -2 : -1);
  }
}
