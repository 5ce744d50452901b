package dev.quern.op;

import dev.quern.MemoryFormat;
import dev.quern.Shape;
import java.util.List;

/**
 * Rows along the innermost axis with mean 0 and variance 1: (x - mean) / sqrt(variance + epsilon),
 * the variance being that of the population. Layer and group normalization are made of it. The
 * input is F32 or F64 and CONTIGUOUS, of rank 1 or more, with at least one element a row; the
 * results are of its type, and 1 / sqrt(variance + epsilon) of each row.
 *
 * @param epsilon added to the variance
 */
public record Standardize(float epsilon) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    Require.floatingPoint("standardize", x);
    Require.format("standardize", x, MemoryFormat.CONTIGUOUS);
    if (x.shape().rank() == 0 || x.shape().dim(-1) == 0) {
      throw new IllegalArgumentException(
          "standardize needs rows of at least one element, got shape " + x.shape() + ".");
    }
    return List.of(x, new TensorType(x.dtype(), rows(x)));
  }

  private static Shape rows(TensorType x) {
    return x.shape().without(-1);
  }

  /**
   * The gradient of {@link Standardize}. Inputs: the gradient of the first result, that result, and
   * the second; the gradient of the operand has the type of the first two.
   */
  public record Gradient() implements Operation {
    private static final String NAME = "The gradient of standardize";

    @Override
    public List<TensorType> outputs(List<TensorType> inputs) {
      Require.count(this, inputs, 3);
      TensorType gradient = inputs.get(0);
      Require.floatingPoint("standardize", gradient);
      Require.equal(NAME, "the result", inputs.get(1), gradient);
      TensorType inverse = new TensorType(gradient.dtype(), rows(gradient));
      Require.equal(NAME, "deviations", inputs.get(2), inverse);
      return List.of(gradient);
    }
  }
}
