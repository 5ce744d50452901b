package dev.quern.op;

import dev.quern.DType;
import java.util.List;

/**
 * 1 where a tensor differs from a value, else 0; NaN differs from everything. The input is F32, U8
 * or F64; the result is F64 for F64, else F32.
 *
 * @param value the value compared with
 */
public record NotEqual(float value) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    if (x.dtype() != DType.U8 && x.dtype() != DType.F32 && x.dtype() != DType.F64) {
      throw new IllegalArgumentException(
          "notEqual compares F32, U8 and F64, not " + x.dtype() + "; convert it with toF32.");
    }
    return List.of(x.as(x.dtype() == DType.F64 ? DType.F64 : DType.F32));
  }
}
