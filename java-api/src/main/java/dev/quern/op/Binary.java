package dev.quern.op;

import dev.quern.spi.tensor.BinaryOp;
import java.util.List;
import java.util.Locale;

/**
 * An elementwise function of two tensors of one type, F32 or F64; the result has that type.
 *
 * @param function the function
 */
public record Binary(BinaryOp function) implements Operation {
  @Override
  public List<TensorType> outputs(List<TensorType> inputs) {
    Require.count(this, inputs, 2);
    TensorType a = inputs.get(0);
    TensorType b = inputs.get(1);
    Require.floatingPoint(function.name().toLowerCase(Locale.ROOT), a);
    if (!a.equals(b)) {
      throw new IllegalArgumentException(
          "%s of %s and %s: both sides must be equal in dtype, shape and memory format%s."
              .formatted(
                  function,
                  a,
                  b,
                  a.format() == b.format()
                      ? ""
                      : "; convert one with contiguous() or channelsLast()"));
    }
    return List.of(a);
  }
}
