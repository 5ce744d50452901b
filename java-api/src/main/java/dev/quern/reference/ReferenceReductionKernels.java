package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.DType;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.foreign.MemorySegment;

/** Sums in index order with one double accumulator. */
final class ReferenceReductionKernels implements ReductionKernels {
  @Override
  public Support support(DType dtype) {
    return dtype == DType.F64 ? Support.yes() : ReductionKernels.super.support(dtype);
  }

  @Override
  public long axisScratchBytes(long outer, long count, long inner) {
    return 1;
  }

  @Override
  public void sumAxis(long outer, long count, long inner, Span x, Span out, Span scratch) {
    throw new UnsupportedOperationException("sumAxis");
  }

  @Override
  public void maxAxis(long outer, long count, long inner, Span x, Span out, Span places) {
    throw new UnsupportedOperationException("maxAxis");
  }

  @Override
  public void scatterAxis(long outer, long count, long inner, Span values, Span places, Span out) {
    throw new UnsupportedOperationException("scatterAxis");
  }

  @Override
  public long scratchBytes(long elements) {
    return 1;
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    boolean wide = x.dtype() == DType.F64;
    double sum = 0;
    for (long i = 0; i < x.length(); i++) {
      sum += wide ? source.getAtIndex(JAVA_DOUBLE_UNALIGNED, i) : source.getAtIndex(JAVA_FLOAT, i);
    }
    if (wide) {
      target.setAtIndex(JAVA_DOUBLE_UNALIGNED, 0, sum);
    } else {
      target.setAtIndex(JAVA_FLOAT, 0, (float) sum);
    }
  }
}
