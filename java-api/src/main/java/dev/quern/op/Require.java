package dev.quern.op;

import dev.quern.DType;
import java.util.List;

/** What the rules of several operations demand of their inputs. */
final class Require {
  private Require() {}

  static void count(Operation operation, List<TensorType> inputs, int needed) {
    if (inputs.size() != needed) {
      throw new IllegalArgumentException(
          "%s takes %d %s, got %d."
              .formatted(operation, needed, needed == 1 ? "tensor" : "tensors", inputs.size()));
    }
  }

  static TensorType single(Operation operation, List<TensorType> inputs) {
    count(operation, inputs, 1);
    return inputs.getFirst();
  }

  static void floatingPoint(String operation, TensorType type) {
    if (type.dtype() != DType.F32 && type.dtype() != DType.F64) {
      throw new IllegalArgumentException(
          "%s needs %s, but the tensor is %s; convert it with toF32, or make it so."
              .formatted(operation, DType.F32, type.dtype()));
    }
  }
}
