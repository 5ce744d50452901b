package dev.quern.op.shape;

import dev.quern.Shape;
import dev.quern.op.Operation;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import java.util.List;

/**
 * Consecutive entries of the outermost axis. The input is of any dtype and format; the result is a
 * view of it, unless it is given.
 *
 * @param from the first entry
 * @param to one past the last entry
 */
public record Slice(long from, long to) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Shape shape = x.shape();
    if (from < 0 || to < from || to > shape.dim(0)) {
      throw new IllegalArgumentException(
          "Slice [%d, %d) does not lie in axis 0 of shape %s.".formatted(from, to, shape));
    }
    return List.of(new TensorType(x.dtype(), shape.with(0, to - from), x.format()));
  }

  /**
   * Finds where the slice begins.
   *
   * @param x the tensor's type
   * @return the elements before it
   */
  public long offset(TensorType x) {
    return from * x.shape().elementsFrom(1);
  }
}
