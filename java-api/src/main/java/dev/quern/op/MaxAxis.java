package dev.quern.op;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import java.util.List;

/**
 * The greatest elements along an axis, and where they are: among equal ones the first, a NaN above
 * all others. The input is F32 or F64 and CONTIGUOUS, with at least one element along the axis; the
 * results have its shape without the axis: the elements, and I32 their index.
 *
 * @param axis the axis; negative counts from the innermost, -1
 */
public record MaxAxis(int axis) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint("max", x);
    Require.format("max", x, MemoryFormat.CONTIGUOUS);
    long extent = x.shape().dim(axis);
    if (extent < 1 || extent > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "max along axis %d of %s needs 1 to 2^31 - 1 elements there, got %d."
              .formatted(axis, x.shape(), extent));
    }
    Shape rest = x.shape().without(axis);
    return List.of(new TensorType(x.dtype(), rest), new TensorType(DType.I32, rest));
  }

  /**
   * The gradient of {@link MaxAxis}: each gradient where its element was, else 0. Inputs: the
   * gradient of the elements and the I32 indices; the result has the dtype of the gradient.
   *
   * @param axis the axis, of the result
   * @param extent its extent
   */
  public record Gradient(int axis, long extent) implements Operation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 2);
      TensorType gradient = inputs.get(0);
      Require.floatingPoint("max", gradient);
      Require.equal(
          "The gradient of max",
          "indices",
          inputs.get(1),
          new TensorType(DType.I32, gradient.shape()));
      Shape rest = gradient.shape();
      int index = axis < 0 ? axis + rest.rank() + 1 : axis;
      long[] dims = new long[rest.rank() + 1];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = i < index ? rest.dim(i) : i == index ? extent : rest.dim(i - 1);
      }
      return List.of(new TensorType(gradient.dtype(), Shape.of(dims)));
    }

    /**
     * Counts the elements between two neighbours along the axis.
     *
     * @param gradient the gradient's type
     * @return the extent of the axes inside
     */
    public long inner(TensorType gradient) {
      Shape rest = gradient.shape();
      return rest.elementsFrom(axis < 0 ? axis + rest.rank() + 1 : axis);
    }
  }
}
