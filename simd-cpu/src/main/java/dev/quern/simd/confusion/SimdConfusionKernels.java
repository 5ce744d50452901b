package dev.quern.simd.confusion;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.metric.CountOperands;
import dev.quern.spi.metric.MatrixCountOperands;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Confusion counts: a chunk a piece, compared into bits and counted by population counts, row by
 * row. Threads add to the same counters atomically; they are whole numbers, so the order cannot
 * matter.
 */
public final class SimdConfusionKernels implements ConfusionKernels {
  private static final VarHandle COUNTER = JAVA_LONG.arrayElementVarHandle();

  private static final ThreadScratch<ConfusionBits> BITS = new ThreadScratch<>(ConfusionBits::new);

  private final WorkerPool pool;

  public SimdConfusionKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public long scratchBytes(long elements, long inner) {
    return 1;
  }

  @Override
  public void count(CountOperands operands, Span scratch) {
    long first =
        count(
            pool,
            HostBuffer.segment(operands.predictions()),
            operands.cut(),
            HostBuffer.segment(operands.target()),
            operands.target().dtype(),
            operands.ignoreIndex(),
            operands.inner(),
            HostBuffer.segment(operands.counts()));
    lower(operands.fault(), first);
  }

  @Override
  public long matrixScratchBytes(long pixels) {
    return 1;
  }

  @Override
  public void matrix(MatrixCountOperands operands, Span scratch) {
    long first =
        matrix(
            pool,
            HostBuffer.segment(operands.predictions()),
            operands.predictions().dtype(),
            HostBuffer.segment(operands.target()),
            operands.target().dtype(),
            operands.ignoreIndex(),
            operands.classes(),
            operands.inner(),
            HostBuffer.segment(operands.counts()));
    lower(operands.fault(), first);
  }

  /** Fills a confusion matrix over any host memory; returns the first index of a faulty pixel. */
  public static long matrix(
      WorkerPool pool,
      MemorySegment predictions,
      DType predictionsDtype,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      int classes,
      long inner,
      MemorySegment counts) {
    var task =
        new ConfusionMatrixTask(
            predictions,
            predictionsDtype,
            target,
            targetDtype,
            ignoreIndex,
            classes,
            inner,
            counts);
    pool.run(task, Chunks.count(task.pixels), Chunks.INLINE_BELOW);
    return task.fault.get();
  }

  private static void lower(Span fault, long first) {
    MemorySegment word = HostBuffer.segment(fault);
    word.set(JAVA_LONG, 0, Math.min(word.get(JAVA_LONG, 0), first));
  }

  /** Counts over any host memory; returns the first index of a faulty target. */
  public static long count(
      WorkerPool pool,
      MemorySegment predictions,
      float cut,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      long inner,
      MemorySegment counts) {
    Count task = new Count(predictions, cut, target, targetDtype, ignoreIndex, inner, counts);
    pool.run(task, Chunks.count(task.elements), Chunks.INLINE_BELOW);
    return task.fault.get();
  }

  private static final class Count extends Task {
    private final MemorySegment x;
    private final float cut;
    private final MemorySegment t;
    private final DType targetDtype;
    private final @Nullable Integer ignoreIndex;
    private final long inner;
    private final MemorySegment counts;
    private final long rows;
    final long elements;
    final AtomicLong fault = new AtomicLong(Long.MAX_VALUE);

    Count(
        MemorySegment x,
        float cut,
        MemorySegment t,
        DType targetDtype,
        @Nullable Integer ignoreIndex,
        long inner,
        MemorySegment counts) {
      this.x = open(x);
      this.cut = cut;
      this.t = open(t);
      this.targetDtype = targetDtype;
      this.ignoreIndex = ignoreIndex;
      this.inner = inner;
      this.counts = open(counts);
      this.rows = counts.byteSize() / (4 * Long.BYTES);
      this.elements = x.byteSize() / Float.BYTES;
    }

    @Override
    public void run(long piece) {
      long first = Chunks.start(piece);
      int n = Chunks.length(piece, elements);
      ConfusionBits bits = BITS.get();
      int faulty = bits.take(x, cut, t, targetDtype, ignoreIndex, first, n);
      if (faulty < n) {
        fault.accumulateAndGet(first + faulty, Math::min);
      }
      Confusion counted = bits.counted;
      for (int from = 0; from < n; ) {
        long run = (first + from) / inner;
        int end = (int) Math.min(n, (run + 1) * inner - first);
        counted.clear();
        bits.count(from, end, counted);
        add(run % rows, counted);
        from = end;
      }
    }

    private void add(long row, Confusion sums) {
      add(4 * row, sums.trueNegatives);
      add(4 * row + 1, sums.falsePositives);
      add(4 * row + 2, sums.falseNegatives);
      add(4 * row + 3, sums.truePositives);
    }

    private void add(long slot, long count) {
      if (count != 0) {
        long _ = (long) COUNTER.getAndAdd(counts, 0L, slot, count);
      }
    }
  }
}
