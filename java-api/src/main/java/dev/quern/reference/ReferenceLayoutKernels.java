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
    MemorySegment source = HostBuffer.segment(x);
    MemorySegment target = HostBuffer.segment(out);
    long bytes = x.dtype().bytes();
    for (long i = 0; i < view.elements(); i++) {
      long left = i;
      long from = view.offset();
      for (int axis = view.extents().size() - 1; axis >= 0; axis--) {
        from += left % view.extents().get(axis) * view.strides().get(axis);
        left /= view.extents().get(axis);
      }
      MemorySegment.copy(source, from * bytes, target, i * bytes, bytes);
    }
  }

  @Override
  public void concat(long rows, List<Span> x, Span out) {
    MemorySegment target = HostBuffer.segment(out);
    long to = 0;
    for (long row = 0; row < rows; row++) {
      for (Span part : x) {
        long bytes = part.byteSize() / rows;
        MemorySegment.copy(HostBuffer.segment(part), row * bytes, target, to, bytes);
        to += bytes;
      }
    }
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
