package dev.quern.op.shape;

import dev.quern.Shape;
import dev.quern.op.Operation;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.tensor.StridedView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * A copy with the axes in another order. The input is of any dtype and format; the result is
 * CONTIGUOUS.
 *
 * @param axes the input's axis that becomes axis 0, 1, ...: each once
 */
public record Permute(List<Integer> axes) implements Operation {
  /** Copies the list. */
  public Permute {
    axes = List.copyOf(axes);
  }

  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Shape shape = x.shape();
    if (axes.size() != shape.rank()
        || new HashSet<>(axes).size() != axes.size()
        || axes.stream().anyMatch(axis -> axis < 0 || axis >= shape.rank())) {
      throw new IllegalArgumentException(
          "permute of shape %s needs each of its axes from 0 once, got %s.".formatted(shape, axes));
    }
    long[] dims = axes.stream().mapToLong(shape::dim).toArray();
    return List.of(new TensorType(x.dtype(), Shape.of(dims)));
  }

  /**
   * Returns the order that undoes this one.
   *
   * @return the inverse
   */
  public Permute inverse() {
    var inverse = new ArrayList<>(axes);
    for (int i = 0; i < axes.size(); i++) {
      inverse.set(axes.get(i), i);
    }
    return new Permute(inverse);
  }

  /**
   * Finds the elements.
   *
   * @param x the tensor's type
   * @return them in the order of the result
   */
  public StridedView view(TensorType x) {
    List<Long> strides = x.strides();
    return new StridedView(
        axes.stream().map(x.shape()::dim).toList(), axes.stream().map(strides::get).toList(), 0);
  }
}
