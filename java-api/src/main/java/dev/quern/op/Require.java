package dev.quern.op;

import dev.quern.DType;
import dev.quern.MemoryFormat;
import java.util.List;

/** What the rules of operations demand of their inputs; each throws if that is not so. */
public final class Require {
  private Require() {}

  /**
   * Demands a number of inputs.
   *
   * @param operation who demands
   * @param inputs what it is given
   * @param needed how many it takes
   * @throws IllegalArgumentException if there are more or fewer
   */
  public static void count(Operation operation, List<TensorType> inputs, int needed) {
    if (inputs.size() != needed) {
      throw new IllegalArgumentException(
          "%s takes %d %s, got %d."
              .formatted(operation, needed, needed == 1 ? "tensor" : "tensors", inputs.size()));
    }
  }

  /**
   * Demands one input.
   *
   * @param operation who demands
   * @param inputs what it is given
   * @return the input
   * @throws IllegalArgumentException if there are more or none
   */
  public static TensorType single(Operation operation, List<TensorType> inputs) {
    count(operation, inputs, 1);
    return inputs.getFirst();
  }

  /**
   * Demands F32 or F64.
   *
   * @param operation the name of who demands
   * @param type what it is given
   * @throws IllegalArgumentException if it is of another dtype
   */
  public static void floatingPoint(String operation, TensorType type) {
    if (type.dtype() != DType.F32 && type.dtype() != DType.F64) {
      throw new IllegalArgumentException(
          "%s needs %s, but the tensor is %s; convert it with toF32, or make it so."
              .formatted(operation, DType.F32, type.dtype()));
    }
  }

  /**
   * Demands an order in memory.
   *
   * @param operation the name of who demands
   * @param type what it is given
   * @param format the order
   * @throws IllegalArgumentException if the elements lie in another, naming the remedy
   */
  public static void format(String operation, TensorType type, MemoryFormat format) {
    if (!type.is(format)) {
      throw new IllegalArgumentException(
          "%s needs %s memory, but the tensor is %s; convert it with %s()."
              .formatted(
                  operation,
                  format,
                  type,
                  format == MemoryFormat.CONTIGUOUS ? "contiguous" : "channelsLast"));
    }
  }

  /**
   * Demands a type.
   *
   * @param operation the name of who demands
   * @param name what the tensor is to the operation
   * @param type what it is given
   * @param needed the type it has to be
   * @throws IllegalArgumentException if it is another, naming both
   */
  public static void equal(String operation, String name, TensorType type, TensorType needed) {
    if (!type.equals(needed)) {
      throw new IllegalArgumentException(
          "%s needs %s %s, got %s.".formatted(operation, name, needed, type));
    }
  }
}
