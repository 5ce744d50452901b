package dev.quern.simd.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.simd.pointwise.SimdPointwiseKernels;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.host.HostMemory;
import dev.quern.spi.tensor.BinaryOp;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class WorkerPoolTest {
  private static final int PIECES = 1000;

  private final WorkerPool pool = new WorkerPool(3, false);

  /** Counts how often each piece was done, and by whom. */
  private static final class Counting extends Task {
    final AtomicIntegerArray done = new AtomicIntegerArray(PIECES);
    final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    @Override
    public void run(long piece) {
      done.incrementAndGet((int) piece);
      threads.add(Thread.currentThread());
    }

    void check() {
      for (int piece = 0; piece < PIECES; piece++) {
        assertEquals(1, done.get(piece), "piece " + piece);
      }
    }
  }

  @Test
  void doesEveryPieceOnce() {
    for (int i = 0; i < 2000; i++) {
      Counting task = new Counting();
      pool.run(task, PIECES, 2);
      task.check();
    }
  }

  @Test
  void doesSmallTasksAlone() {
    Counting task = new Counting();
    pool.run(task, PIECES, PIECES + 1);
    task.check();
    assertEquals(Set.of(Thread.currentThread()), task.threads);
  }

  @Test
  void servesSeveralCallersAtOnce() throws InterruptedException {
    List<Thread> callers = new ArrayList<>();
    AtomicInteger right = new AtomicInteger();
    for (int c = 0; c < 4; c++) {
      callers.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 0; i < 200; i++) {
                  Counting task = new Counting();
                  pool.run(task, PIECES, 2);
                  task.check();
                }
                right.incrementAndGet();
              }));
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertEquals(4, right.get());
  }

  @Test
  void allowsTasksInsideTasks() {
    Counting inner = new Counting();
    pool.run(
        new Task() {
          @Override
          public void run(long piece) {
            if (piece == 5) {
              pool.run(inner, PIECES, 2);
            }
          }
        },
        PIECES,
        2);
    inner.check();
  }

  @Test
  void throwsWhatAPieceThrows() {
    IllegalStateException failure = new IllegalStateException("piece 700");
    Task failing =
        new Task() {
          @Override
          public void run(long piece) {
            if (piece == 700) {
              throw failure;
            }
          }
        };
    assertSame(
        failure, assertThrows(IllegalStateException.class, () -> pool.run(failing, PIECES, 2)));
    Counting next = new Counting();
    pool.run(next, PIECES, 2);
    next.check();
  }

  @Test
  void computesConfinedMemoryOnTheCallingThread() {
    int n = 1 << 20;
    try (Arena arena = Arena.ofConfined()) {
      DeviceBuffer block = new HostMemory().wrap(arena.allocate(4L * n, 4));
      assertTrue(block instanceof HostBuffer);
      Span span = Span.of(block, DType.F32, n);
      SimdPointwiseKernels kernels = new SimdPointwiseKernels(pool);
      kernels.fill(span, 3);
      kernels.binary(BinaryOp.ADD, span, span, span);
      assertEquals(6, ((HostBuffer) block).segment().getAtIndex(ValueLayout.JAVA_FLOAT, n - 1));
    }
  }

  @Test
  void aLimitHolds() {
    WorkerPool two = pool.limitedTo(2);
    assertEquals(2, two.threads());
    for (int i = 0; i < 200; i++) {
      Counting task = new Counting();
      two.run(task, PIECES, 2);
      task.check();
      assertTrue(task.threads.size() <= 2);
    }
    assertSame(pool, pool.limitedTo(9));
    Counting alone = new Counting();
    pool.limitedTo(1).run(alone, PIECES, 2);
    assertEquals(Set.of(Thread.currentThread()), alone.threads);
  }

  private static Thread worker(WorkerPool pool) {
    for (int i = 0; i < 1000; i++) {
      Counting task = new Counting();
      pool.run(task, PIECES, 2);
      for (Thread thread : task.threads) {
        if (thread.getName().startsWith("quern-worker")) {
          return thread;
        }
      }
    }
    throw new AssertionError("no worker ever took part");
  }

  @Test
  void anInterruptedWorkerEndsAndIsReplaced() throws InterruptedException {
    pool.retain();
    try {
      Thread first = worker(pool);
      first.interrupt();
      first.join(10_000);
      assertEquals(Thread.State.TERMINATED, first.getState());
      assertTrue(worker(pool).isAlive());
    } finally {
      pool.release();
    }
  }

  @Test
  void workersEndWhenNobodyRetainsThem() throws InterruptedException {
    pool.retain();
    Thread worker = worker(pool);
    Thread.sleep(Workers.STAY_NANOS / 1_000_000 + 1000);
    assertTrue(worker.isAlive(), "an engine is open");
    pool.release();
    worker.join(20_000);
    assertEquals(Thread.State.TERMINATED, worker.getState());
    assertTrue(worker(pool).isAlive());
  }
}
