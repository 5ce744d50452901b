package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.spi.CalibrationKernels;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** A chain at a time. */
final class ReferenceCalibrationKernels implements CalibrationKernels {
  @Override
  public void fmaChains(Span data, int length) {
    MemorySegment elements = HostBuffer.segment(data);
    for (long i = 0; i < data.length(); i++) {
      float x = elements.getAtIndex(JAVA_FLOAT, i);
      for (int k = 0; k < length; k++) {
        x = Math.fma(x, FACTOR, ADDEND);
      }
      elements.setAtIndex(JAVA_FLOAT, i, x);
    }
  }
}
