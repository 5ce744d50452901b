package dev.quern.op;

import dev.quern.DType;
import dev.quern.Shape;
import dev.quern.spi.tensor.PhiloxStream;
import java.util.List;

/**
 * Uniform random numbers in [0, 1), the same on every backend. No input; the result is F32.
 *
 * @param stream which sequence
 * @param shape the shape of the result
 */
public record Uniform(PhiloxStream stream, Shape shape) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 0);
    return List.of(new TensorType(DType.F32, shape));
  }
}
