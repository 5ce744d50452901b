package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.DType;
import dev.quern.reference.element.Elements;
import dev.quern.spi.Span;
import dev.quern.spi.Support;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.ReductionKernels;
import java.lang.foreign.MemorySegment;

/** Sums in index order with one double accumulator, and greatest elements. */
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
    Elements source = Elements.of(x);
    Elements target = Elements.of(out);
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < inner; i++) {
        double sum = 0;
        for (long r = 0; r < count; r++) {
          sum += source.get((o * count + r) * inner + i);
        }
        target.set(o * inner + i, sum);
      }
    }
  }

  @Override
  public void maxAxis(long outer, long count, long inner, Span x, Span out, Span places) {
    Elements source = Elements.of(x);
    Elements target = Elements.of(out);
    MemorySegment chosen = HostBuffer.segment(places);
    for (long o = 0; o < outer; o++) {
      for (long i = 0; i < inner; i++) {
        double most = source.get(o * count * inner + i);
        int place = 0;
        for (int r = 1; r < count; r++) {
          double value = source.get((o * count + r) * inner + i);
          if (value > most || (Double.isNaN(value) && !Double.isNaN(most))) {
            most = value;
            place = r;
          }
        }
        target.set(o * inner + i, most);
        chosen.setAtIndex(JAVA_INT, o * inner + i, place);
      }
    }
  }

  @Override
  public void scatterAxis(long outer, long count, long inner, Span values, Span places, Span out) {
    Elements source = Elements.of(values);
    Elements target = Elements.of(out);
    MemorySegment chosen = HostBuffer.segment(places);
    for (long o = 0; o < outer; o++) {
      for (long r = 0; r < count; r++) {
        for (long i = 0; i < inner; i++) {
          long from = o * inner + i;
          boolean here = chosen.getAtIndex(JAVA_INT, from) == r;
          target.set((o * count + r) * inner + i, here ? source.get(from) : 0);
        }
      }
    }
  }

  @Override
  public long scratchBytes(long elements) {
    return 1;
  }

  @Override
  public void sum(Span x, Span out, Span scratch) {
    sumAxis(1, x.length(), 1, x, out, scratch);
  }
}
