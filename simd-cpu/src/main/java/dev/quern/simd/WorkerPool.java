package dev.quern.simd;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The threads that share the pieces of a {@link Task}: the caller and daemon workers. Pieces are
 * claimed in runs of neighbours from one counter. Between tasks a worker spins for a while, because
 * waking it costs more than a small kernel takes, and then parks. A call that finds the workers
 * busy with another caller's task does its pieces alone.
 */
final class WorkerPool {
  /** How long a worker looks for the next task before it parks. */
  private static final long SPIN_NANOS = 50_000;

  /** How often a caller looks for the last pieces before it offers its processor. */
  private static final int WAIT_SPINS = 10_000;

  private final Worker[] workers;
  private final ReentrantLock lock = new ReentrantLock();

  private volatile long epoch;
  private volatile @Nullable Job job;

  /** Creates a pool of so many threads, the caller among them. */
  WorkerPool(int threads, boolean pin) {
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1, pin);
      workers[i].start();
    }
  }

  /** Returns the process's pool: {@code quern.threads} threads, or one per available processor. */
  static WorkerPool shared() {
    return Shared.POOL;
  }

  private static final class Shared {
    static final WorkerPool POOL = new WorkerPool(threadsWanted(), Boolean.getBoolean("quern.pin"));
  }

  /** Returns how many threads the process's pool has, or would have. */
  static int threadsWanted() {
    String wanted = System.getProperty("quern.threads");
    if (wanted == null) {
      return Runtime.getRuntime().availableProcessors();
    }
    if (!wanted.matches("[1-9][0-9]{0,3}")) {
      throw new IllegalArgumentException(
          "The system property quern.threads is '" + wanted + "', but must be a number from 1 on.");
    }
    return Integer.parseInt(wanted);
  }

  /** Returns the number of threads, the caller's among them. */
  int threads() {
    return workers.length + 1;
  }

  /**
   * Does all pieces and returns when the last is done.
   *
   * @param task the work
   * @param pieces how many pieces it has
   * @param inlineBelow with fewer pieces the caller does them alone: sharing would cost more
   */
  void run(Task task, long pieces, long inlineBelow) {
    if (workers.length == 0
        || pieces < 2
        || pieces < inlineBelow
        || task.isConfined()
        || lock.isHeldByCurrentThread()
        || !lock.tryLock()) {
      task.run(0, pieces);
      return;
    }
    try {
      share(new Job(task, pieces, Math.max(1, pieces / (16L * threads()))));
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
  private void share(Job next) {
    job = next;
    epoch++;
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
    next.work();
    next.await();
    job = null;
  }

  /** One task being shared. */
  private static final class Job {
    private final Task task;
    private final long pieces;
    private final long grain;
    private final AtomicLong claimed = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private volatile @Nullable Throwable failure;

    Job(Task task, long pieces, long grain) {
      this.task = task;
      this.pieces = pieces;
      this.grain = grain;
    }

    void work() {
      while (true) {
        long first = claimed.getAndAdd(grain);
        if (first >= pieces) {
          return;
        }
        long end = Math.min(pieces, first + grain);
        try {
          task.run(first, end);
        } catch (Throwable e) {
          failure = e;
        }
        done.addAndGet(end - first);
      }
    }

    @SuppressWarnings("ThreadPriorityCheck") // yielding only saves time where processors are few
    void await() {
      for (int spins = 0; done.get() < pieces; spins++) {
        if (spins < WAIT_SPINS) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }
  }

  /** A thread that waits for tasks as long as the process lives. */
  private final class Worker extends Thread {
    private final int number;
    private final boolean pin;
    volatile boolean parked;

    Worker(int number, boolean pin) {
      super(null, null, "quern-worker-" + number, 0, false);
      this.number = number;
      this.pin = pin;
      setDaemon(true);
      setContextClassLoader(null);
    }

    @Override
    public void run() {
      if (pin) {
        Affinity.pin(number);
      }
      long seen = 0;
      while (true) {
        seen = nextEpoch(seen);
        Job current = job;
        if (current != null) {
          current.work();
        }
      }
    }

    private long nextEpoch(long seen) {
      long start = System.nanoTime();
      while (true) {
        for (int i = 0; i < 64; i++) {
          long now = epoch;
          if (now != seen) {
            return now;
          }
          Thread.onSpinWait();
        }
        if (System.nanoTime() - start > SPIN_NANOS) {
          parked = true;
          while (epoch == seen) {
            LockSupport.park(WorkerPool.this);
          }
          parked = false;
        }
      }
    }
  }
}
