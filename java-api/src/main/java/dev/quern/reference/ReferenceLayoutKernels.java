package dev.quern.reference;

import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.StridedView;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Copies element by element. */
final class ReferenceLayoutKernels implements LayoutKernels {
  @Override
  public void copyStrided(StridedView view, Span x, Span out) {
    throw new UnsupportedOperationException("copyStrided");
  }

  @Override
  public void concat(long rows, List<Span> x, Span out) {
    throw new UnsupportedOperationException("concat");
  }

  @Override
  public void transpose(Span x, long count, long rows, long columns, Span out) {
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    long bytes = x.dtype().bytes();
    for (long i = 0; i < count; i++) {
      for (long r = 0; r < rows; r++) {
        for (long c = 0; c < columns; c++) {
          long from = (i * rows + r) * columns + c;
          long to = (i * columns + c) * rows + r;
          MemorySegment.copy(source, from * bytes, target, to * bytes, bytes);
        }
      }
    }
  }
}
