package dev.quern.op.shape;

import dev.quern.MemoryFormat;
import dev.quern.op.Operation;
import dev.quern.op.Require;
import dev.quern.op.TensorType;
import java.util.List;

/**
 * A copy of a tensor of any dtype with its elements in another order, or in the same.
 *
 * @param format the order of the result; CHANNELS_LAST needs a shape (N, C, H, W)
 */
public record ToFormat(MemoryFormat format) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    return List.of(Require.single(this, inputs).as(format));
  }
}
