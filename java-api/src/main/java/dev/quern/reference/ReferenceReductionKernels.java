package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.foreign.MemorySegment;

/** Sums in index order with one double accumulator. */
final class ReferenceReductionKernels implements ReductionKernels {
  @Override
  public long scratchBytes(long elements) {
    return 1;
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    MemorySegment source = HostBuffer.segment(x);
    double sum = 0;
    for (long i = 0; i < x.length(); i++) {
      sum += source.getAtIndex(JAVA_FLOAT, i);
    }
    HostBuffer.segment(out).setAtIndex(JAVA_FLOAT, 0, (float) sum);
  }
}
