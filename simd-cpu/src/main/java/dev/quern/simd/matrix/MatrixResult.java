package dev.quern.simd.matrix;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import java.lang.foreign.MemorySegment;

/** Where a matrix product goes: its elements are written, or added to what is there. */
final class MatrixResult {
  private final MemorySegment elements;
  private final boolean add;

  MatrixResult(Span out, boolean add) {
    this.elements = HostBuffer.segment(out);
    this.add = add;
  }

  /** Takes an element of the product, rounded before it is added. */
  void put(long index, double sum) {
    float rounded = (float) sum;
    elements.setAtIndex(
        JAVA_FLOAT, index, add ? elements.getAtIndex(JAVA_FLOAT, index) + rounded : rounded);
  }

  /** Takes a product whose elements are all 0. */
  void putZeros(long count) {
    for (long i = 0; i < count; i++) {
      put(i, 0);
    }
  }

  /** Returns the memory of the elements. */
  MemorySegment elements() {
    return elements;
  }
}
