package dev.quern.simd.work;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The threads that share the pieces of a {@link Task}: the caller and {@link Workers}. Pieces are
 * claimed in runs of neighbours from one counter. A call that finds the workers busy with another
 * caller's task does its pieces alone.
 */
public final class WorkerPool {
  /** How often a caller looks for the last pieces before it offers its processor. */
  private static final int WAIT_SPINS = 10_000;

  private final Workers workers;
  private final int threads;

  /** Creates a pool of so many threads, the caller among them. */
  public WorkerPool(int threads, boolean pin) {
    this(new Workers(threads - 1, pin), threads);
  }

  private WorkerPool(Workers workers, int threads) {
    this.workers = workers;
    this.threads = threads;
  }

  /** Returns the process's pool: {@code quern.threads} threads, or one per available processor. */
  public static WorkerPool shared() {
    return Shared.POOL;
  }

  private static final class Shared {
    static final WorkerPool POOL = new WorkerPool(threadsWanted(), Boolean.getBoolean("quern.pin"));
  }

  /** Returns how many threads the process's pool has, or would have. */
  public static int threadsWanted() {
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

  /** Returns the same workers, of which so many threads take part, the caller among them. */
  public WorkerPool limitedTo(int most) {
    return most >= threads ? this : new WorkerPool(workers, most);
  }

  /** Returns the number of threads that take part, the caller's among them. */
  public int threads() {
    return threads;
  }

  /** Keeps the workers, however long they idle, until {@link #release}. */
  public void retain() {
    workers.retain();
  }

  /** Takes one {@link #retain} back. */
  public void release() {
    workers.release();
  }

  /**
   * Does all pieces and returns when the last is done.
   *
   * @param task the work
   * @param pieces how many pieces it has
   * @param inlineBelow with fewer pieces the caller does them alone: sharing would cost more
   */
  public void run(Task task, long pieces, long inlineBelow) {
    if (threads == 1
        || pieces < 2
        || pieces < inlineBelow
        || task.isConfined()
        || !workers.tryOccupy()) {
      task.run(0, pieces);
      return;
    }
    try {
      Job job = new Job(task, pieces, Math.max(1, pieces / (16L * threads)), threads - 1);
      workers.start(job);
      job.work();
      job.await();
    } finally {
      workers.leave();
    }
  }

  /** One task being shared. */
  static final class Job {
    private final Task task;
    private final long pieces;
    private final long grain;
    private final int helpers;
    private final AtomicLong claimed = new AtomicLong();
    private final AtomicLong done = new AtomicLong();
    private volatile @Nullable Throwable failure;

    private Job(Task task, long pieces, long grain, int helpers) {
      this.task = task;
      this.pieces = pieces;
      this.grain = grain;
      this.helpers = helpers;
    }

    /** How many workers help at most. */
    int helpers() {
      return helpers;
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
    private void await() {
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
}
