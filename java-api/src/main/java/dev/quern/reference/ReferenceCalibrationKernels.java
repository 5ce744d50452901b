package dev.quern.reference;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.CalibrationKernels;
import java.lang.foreign.MemorySegment;

/** A block of chains side by side, in an array, where the compiler vectorises plain loops. */
final class ReferenceCalibrationKernels implements CalibrationKernels {
  private static final int BLOCK = 512;

  @Override
  public void fmaChains(Span data, int length) {
    MemorySegment elements = HostBuffer.segment(data);
    float[] x = new float[BLOCK];
    MemorySegment block = MemorySegment.ofArray(x);
    for (long first = 0; first < data.length(); first += BLOCK) {
      long bytes = Float.BYTES * Math.min(BLOCK, data.length() - first);
      MemorySegment.copy(elements, Float.BYTES * first, block, 0, bytes);
      for (int k = 0; k < length; k++) {
        step(x);
      }
      MemorySegment.copy(block, 0, elements, Float.BYTES * first, bytes);
    }
  }

  private static void step(float[] x) {
    for (int i = 0; i < BLOCK; i++) {
      x[i] = FloatMath.fma(x[i], FACTOR, ADDEND);
    }
  }
}
