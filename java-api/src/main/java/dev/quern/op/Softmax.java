package dev.quern.op;

import dev.quern.MemoryFormat;
import java.util.List;

/**
 * Softmax along an axis, e^(x - m) / sum of them, with m the largest; or its logarithm. The input
 * is F32 or F64 and CONTIGUOUS; the result has its type.
 *
 * @param axis the axis; negative counts from the innermost, -1
 * @param logarithm whether the result is the logarithm
 */
public record Softmax(int axis, boolean logarithm) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint("softmax", x);
    Require.format("softmax", x, MemoryFormat.CONTIGUOUS);
    x.shape().dim(axis);
    return List.of(x);
  }

  /**
   * Counts the elements between two neighbours along the axis.
   *
   * @param x the tensor's type
   * @return the extent of the axes inside
   */
  public long inner(TensorType x) {
    return x.shape().elementsFrom(x.shape().index(axis) + 1);
  }

  /**
   * The gradient of {@link Softmax}. Inputs: the gradient of the result, and the result; the
   * gradient of the operand has their type.
   *
   * @param softmax the function
   */
  public record Gradient(Softmax softmax) implements Operation {
    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 2);
      Require.equal("The gradient of softmax", "the result", inputs.get(1), inputs.get(0));
      return softmax.outputs(List.of(inputs.get(0)));
    }
  }
}
