package dev.quern.loss;

import dev.quern.DataException;
import dev.quern.spi.host.ArrayKernels;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * A part of a loss, ready to be computed without an engine. Holds nothing of a backend.
 *
 * @param weight the factor of the value and the gradient that it computes
 * @param targets the number of the target's elements
 * @param report what is said of a faulty label, given its index
 * @param kernel computes both
 */
record ArrayPart(double weight, long targets, LongFunction<DataException> report, Kernel kernel) {

  /** A kernel of the best CPU backend. */
  interface Kernel {
    ArrayKernels.Result loss(
        MemorySegment logits, MemorySegment target, @Nullable MemorySegment gradient);
  }

  void throwIfFaulty(ArrayKernels.Result result) {
    if (result.fault() != Long.MAX_VALUE) {
      throw report.apply(result.fault());
    }
  }
}
