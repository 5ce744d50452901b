package dev.quern.loss;

import dev.quern.Tensor;
import dev.quern.TensorGroup;
import java.util.List;

/**
 * A loss and its gradient. If the target was faulty, for example a label out of range, reading
 * either throws a {@link dev.quern.DataException}, every time; other results are not concerned. The
 * faulty pixels counted as ignored, and their gradient is 0.
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
