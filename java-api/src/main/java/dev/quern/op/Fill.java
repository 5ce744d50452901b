package dev.quern.op;

import dev.quern.DType;
import java.util.List;

/**
 * One value everywhere. No input.
 *
 * @param value the value, converted to the dtype as Java casts
 * @param type the result's type: F32, F64, I64, I32, U8 or BOOL
 */
public record Fill(double value, TensorType type) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 0);
    if (type.dtype() == DType.F16 || type.dtype() == DType.BF16) {
      throw new IllegalArgumentException(
          "fill writes F32, F64, I64, I32, U8 and BOOL, not " + type.dtype() + ".");
    }
    return List.of(type);
  }
}
