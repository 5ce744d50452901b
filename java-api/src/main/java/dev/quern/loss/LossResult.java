package dev.quern.loss;

import dev.quern.Tensor;
import dev.quern.TensorGroup;
import java.util.List;

/**
 * A loss and its gradient.
 *
 * @param value F32, shape (1)
 * @param gradient of the logits' dtype and shape: the derivative of the loss, times the upstream
 *     factor
 */
public record LossResult(Tensor value, Tensor gradient) implements TensorGroup {
  @Override
  public List<Tensor> tensors() {
    return List.of(value, gradient);
  }
}
