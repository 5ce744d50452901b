package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.PhiloxStream;
import dev.quern.spi.tensor.RandomKernels;
import java.lang.foreign.MemorySegment;

/** Philox, a whole block per element. */
final class ReferenceRandomKernels implements RandomKernels {
  @Override
  public void uniform(PhiloxStream stream, long firstElement, Span out) {
    MemorySegment target = HostBuffer.segment(out);
    for (long i = 0; i < out.length(); i++) {
      target.setAtIndex(JAVA_FLOAT, i, Philox.uniform(stream, firstElement + i));
    }
  }
}
