package dev.quern.simd.layout;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.quern.DType;
import dev.quern.simd.HostSpans;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.tensor.LayoutKernels;
import dev.quern.spi.tensor.StridedView;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Strided copies and concatenations of every size of element against plain loops. */
class StridedCopyTest {
  private static final List<DType> DTYPES = List.of(DType.U8, DType.F16, DType.F32, DType.I64);

  private static byte[] bytes(Span span) {
    return HostBuffer.segment(span).toArray(ValueLayout.JAVA_BYTE);
  }

  private static Span random(HostSpans spans, DType dtype, long length) {
    Span span = spans.empty(dtype, length);
    byte[] junk = new byte[(int) span.byteSize()];
    new SplittableRandom(length).nextBytes(junk);
    MemorySegment.copy(MemorySegment.ofArray(junk), 0, HostBuffer.segment(span), 0, junk.length);
    return span;
  }

  private static void check(StridedView view, long length) {
    for (DType dtype : DTYPES) {
      try (HostSpans spans = new HostSpans()) {
        Span x = random(spans, dtype, length);
        byte[] from = bytes(x);
        int size = dtype.bytes();
        byte[] expected = new byte[(int) view.elements() * size];
        for (int i = 0; i < view.elements(); i++) {
          long at = view.offset();
          long rest = i;
          for (int axis = view.extents().size() - 1; axis >= 0; axis--) {
            at += rest % view.extents().get(axis) * view.strides().get(axis);
            rest /= view.extents().get(axis);
          }
          System.arraycopy(from, (int) at * size, expected, i * size, size);
        }
        for (int threads : new int[] {1, 2, 7}) {
          LayoutKernels kernels = new SimdLayoutKernels(new WorkerPool(threads, false));
          Span out = spans.empty(dtype, view.elements());
          kernels.copyStrided(view, x, out);
          assertArrayEquals(expected, bytes(out), view + " of " + dtype);
        }
      }
    }
  }

  @Test
  void views() {
    check(new StridedView(List.of(), List.of(), 3), 5);
    check(new StridedView(List.of(0L), List.of(1L), 0), 5);
    check(new StridedView(List.of(100L), List.of(0L), 2), 5);
    check(new StridedView(List.of(40_000L), List.of(2L), 1), 80_001);
    check(new StridedView(List.of(30L, 50L), List.of(1L, 30L), 0), 1500);
    check(new StridedView(List.of(500L, 301L), List.of(1L, 500L), 0), 150_500);
    check(new StridedView(List.of(3L, 700L, 33L), List.of(23_100L, 1L, 700L), 0), 69_300);
    check(new StridedView(List.of(3L, 33L, 700L), List.of(23_100L, 1L, 33L), 0), 69_300);
    check(new StridedView(List.of(300L, 5L, 60L), List.of(100L, 0L, 1L), 20), 30_000);
    check(new StridedView(List.of(300L, 5L, 6L), List.of(10L, 0L, 1L), 2), 3000);
    check(new StridedView(List.of(70L, 80L, 90L), List.of(1L, 70L, 0L), 0), 5600);
    check(
        new StridedView(List.of(3L, 4L, 5L, 6L, 7L, 2L), List.of(1L, 18L, 360L, 3L, 2520L, 90L), 0),
        17_640);
  }

  @Test
  void concatenations() {
    for (int rows : new int[] {1, 3, 20_000}) {
      for (List<Integer> widths :
          List.of(List.of(1), List.of(3, 1), List.of(16, 32), List.of(5, 0, 7), List.of(200, 3))) {
        for (DType dtype : DTYPES) {
          if (rows * widths.stream().mapToInt(w -> w).sum() > 1_000_000) {
            continue;
          }
          try (HostSpans spans = new HostSpans()) {
            List<Span> x = new ArrayList<>();
            widths.forEach(w -> x.add(random(spans, dtype, (long) rows * w)));
            int width = dtype.bytes() * widths.stream().mapToInt(w -> w).sum();
            byte[] expected = new byte[rows * width];
            int to = 0;
            for (int i = 0; i < x.size(); i++) {
              byte[] from = bytes(x.get(i));
              int n = widths.get(i) * dtype.bytes();
              for (int row = 0; row < rows; row++) {
                System.arraycopy(from, row * n, expected, row * width + to, n);
              }
              to += n;
            }
            for (int threads : new int[] {1, 2, 7}) {
              LayoutKernels kernels = new SimdLayoutKernels(new WorkerPool(threads, false));
              Span out = spans.empty(dtype, (long) rows * width / dtype.bytes());
              kernels.concat(rows, x, out);
              assertArrayEquals(expected, bytes(out), rows + " rows of " + widths);
            }
          }
        }
      }
    }
  }
}
