package dev.quern.op.shape;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.op.Operation;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import dev.quern.spi.tensor.StridedView;
import java.util.ArrayList;
import java.util.List;

/**
 * A tensor repeated along axes of one element, and along new outermost axes. The input is of any
 * dtype and format.
 *
 * @param shape the result's shape; aligned at the innermost axis, each extent of the input is equal
 *     to it or 1
 * @param format the result's format
 */
public record Expand(Shape shape, MemoryFormat format) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    int added = shape.rank() - x.shape().rank();
    boolean fits = added >= 0;
    for (int axis = 0; fits && axis < x.shape().rank(); axis++) {
      long extent = x.shape().dim(axis);
      fits = extent == 1 || extent == shape.dim(axis + added);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "Shape %s cannot be repeated to %s: aligned at the innermost axis, each extent has to be equal or 1."
              .formatted(x.shape(), shape));
    }
    return List.of(new TensorType(x.dtype(), shape, format));
  }

  /**
   * Finds the shape of an elementwise function of two tensors, each repeated as {@link Expand}
   * does.
   *
   * @param a a shape
   * @param b another shape
   * @return the larger extent of each axis
   * @throws IllegalArgumentException if extents differ and neither is 1
   */
  public static Shape together(Shape a, Shape b) {
    int rank = Math.max(a.rank(), b.rank());
    long[] dims = new long[rank];
    for (int i = 1; i <= rank; i++) {
      long left = i <= a.rank() ? a.dim(-i) : 1;
      long right = i <= b.rank() ? b.dim(-i) : 1;
      if (left != right && left != 1 && right != 1) {
        throw new IllegalArgumentException(
            "Shapes %s and %s do not go together: aligned at the innermost axis, extents have to be equal or 1, but %d and %d are not."
                .formatted(a, b, left, right));
      }
      dims[rank - i] = left == 1 ? right : left;
    }
    return Shape.of(dims);
  }

  /**
   * Finds the elements.
   *
   * @param x the tensor's type
   * @return them in the order of the result
   */
  public StridedView view(TensorType x) {
    int added = shape.rank() - x.shape().rank();
    List<Long> own = x.strides();
    var extents = new ArrayList<Long>();
    var strides = new ArrayList<Long>();
    for (int axis : new TensorType(x.dtype(), shape, format).memoryOrder()) {
      extents.add(shape.dim(axis));
      boolean repeated = axis < added || x.shape().dim(axis - added) != shape.dim(axis);
      strides.add(repeated ? 0 : own.get(axis - added));
    }
    return new StridedView(extents, strides, 0);
  }
}
