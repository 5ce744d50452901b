package dev.quern.op.shape;

import dev.quern.Shape;
import dev.quern.op.Operation;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.tensor.StridedView;
import java.util.List;

/**
 * A copy of consecutive entries of any axis; of the outermost, {@link Slice} is a view. The input
 * is of any dtype and format; the result has its format.
 *
 * @param axis the axis; negative counts from the innermost, -1
 * @param from the first entry
 * @param to one past the last entry
 */
public record Narrow(int axis, long from, long to) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Shape shape = x.shape();
    if (from < 0 || to < from || to > shape.dim(axis)) {
      throw new IllegalArgumentException(
          "Entries [%d, %d) do not lie in axis %d of shape %s.".formatted(from, to, axis, shape));
    }
    return List.of(new TensorType(x.dtype(), shape.with(axis, to - from), x.format()));
  }

  /**
   * Finds the elements.
   *
   * @param x the tensor's type
   * @return them in the order of the result
   */
  public StridedView view(TensorType x) {
    Shape part = x.shape().with(axis, to - from);
    List<Long> strides = x.strides();
    List<Integer> order = x.memoryOrder();
    return new StridedView(
        order.stream().map(part::dim).toList(),
        order.stream().map(strides::get).toList(),
        from * strides.get(x.shape().index(axis)));
  }
}
