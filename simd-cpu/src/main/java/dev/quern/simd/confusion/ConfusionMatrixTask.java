package dev.quern.simd.confusion;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** A multiclass confusion matrix, a chunk of pixels a piece. */
final class ConfusionMatrixTask extends Task {
  private static final VarHandle COUNTER = JAVA_LONG.arrayElementVarHandle();

  private static final ThreadScratch<ClassScratch> THREADS = new ThreadScratch<>(ClassScratch::new);

  private final MemorySegment x;
  private final DType xDtype;
  private final MemorySegment t;
  private final DType tDtype;
  private final @Nullable Integer ignoreIndex;
  private final int classes;
  private final long inner;
  private final MemorySegment counts;

  /** The number of pixels. */
  final long pixels;

  /** The first faulty pixel. */
  final AtomicLong fault = new AtomicLong(Long.MAX_VALUE);

  ConfusionMatrixTask(
      MemorySegment x,
      DType xDtype,
      MemorySegment t,
      DType tDtype,
      @Nullable Integer ignoreIndex,
      int classes,
      long inner,
      MemorySegment counts) {
    this.x = open(x);
    this.xDtype = xDtype;
    this.t = open(t);
    this.tDtype = tDtype;
    this.ignoreIndex = ignoreIndex;
    this.classes = classes;
    this.inner = inner;
    this.counts = open(counts);
    this.pixels = t.byteSize() / tDtype.bytes();
  }

  @Override
  public void run(long piece) {
    long first = Chunks.start(piece);
    int n = Chunks.length(piece, pixels);
    ClassScratch work = THREADS.get();
    if (xDtype == DType.F32) {
      work.scores(x, classes, inner, first, n);
    } else {
      work.labels(x, xDtype, first, n);
    }
    boolean ignores = ignoreIndex != null;
    int ignored = ignoreIndex == null ? 0 : ignoreIndex;
    int faulty = work.cells(t, tDtype, first, n, classes, ignores, ignored);
    if (faulty < n) {
      fault.accumulateAndGet(first + faulty, Math::min);
    }
    int cells = classes * classes;
    if (cells <= ClassScratch.TABLE_CELLS) {
      work.tabulate(n);
      for (int which = 0; which < cells; which++) {
        add(which, work.take(which));
      }
      // what did not count
      work.take(cells);
    } else {
      for (int i = 0; i < n; i++) {
        add(work.cell[i], work.cell[i] < cells ? 1 : 0);
      }
    }
  }

  private void add(int which, long count) {
    if (count != 0) {
      long _ = (long) COUNTER.getAndAdd(counts, 0L, (long) which, count);
    }
  }
}
