package dev.quern.op;

import dev.quern.DType;
import java.util.List;

/**
 * A copy with elements of another type, or of the same. U8, I32, I64, F32 and F64 become F32 or
 * F64, rounded to the nearest; every dtype is copied to itself.
 *
 * @param dtype the dtype of the result
 */
public record Convert(DType dtype) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    TensorType x = Require.single(this, inputs);
    if (dtype != x.dtype() && !(isFloatingPoint(dtype) && isConverted(x.dtype()))) {
      throw new IllegalArgumentException(
          "to%s converts U8, I32, I64, F32 and F64, not %s.".formatted(dtype, x.dtype()));
    }
    return List.of(x.as(dtype));
  }

  private static boolean isFloatingPoint(DType dtype) {
    return dtype == DType.F32 || dtype == DType.F64;
  }

  private static boolean isConverted(DType dtype) {
    return switch (dtype) {
      case U8, I32, I64, F32, F64 -> true;
      case F16, BF16, BOOL -> false;
    };
  }
}
