package dev.quern.spi.optim;

import dev.quern.spi.Span;
import dev.quern.spi.Written;
import java.util.List;

/**
 * Parameters and gradients that do not lie in an {@link OptimizerArena} but anywhere, one of each
 * for every segment and as long as it.
 *
 * @param parameters F32, at any element of their buffers
 * @param gradients F32, likewise
 * @param pointers U8, what {@link OptimizerKernels#pointerTable} gave for them
 */
public record OutsideTensors(
    @Written(afterReading = true) List<Span> parameters, List<Span> gradients, Span pointers) {
  /** Bytes of a record of the pointer table: two addresses. */
  public static final int POINTER_BYTES = 16;

  /** Copies the lists. */
  public OutsideTensors {
    parameters = List.copyOf(parameters);
    gradients = List.copyOf(gradients);
  }
}
