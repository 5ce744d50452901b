package dev.quern.simd.work;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Daemon threads that help with one job at a time. Between jobs a worker spins for a while, because
 * waking it costs more than a small kernel takes, and then parks. It ends when it is interrupted,
 * or has idled for some time while nobody retains the workers; the next job starts it anew. So a
 * program's end need not wait for it, and a class loader can be unloaded.
 */
final class Workers {
  /** How long a worker looks for the next job before it parks. */
  private static final long SPIN_NANOS = 50_000;

  /** How long a worker stays that nobody retains. */
  static final long STAY_NANOS = 2_000_000_000;

  private final @Nullable Worker[] workers;
  private final boolean pin;

  /** Held while a job is shared, and by a worker that ends. */
  private final ReentrantLock lock = new ReentrantLock();

  private final AtomicInteger users = new AtomicInteger();

  private volatile long epoch;
  private volatile WorkerPool.@Nullable Job job;

  Workers(int count, boolean pin) {
    this.workers = new Worker[count];
    this.pin = pin;
  }

  void retain() {
    users.incrementAndGet();
  }

  void release() {
    if (users.decrementAndGet() > 0) {
      return;
    }
    // so that they begin to count how long they idle
    lock.lock();
    try {
      for (Worker worker : workers) {
        LockSupport.unpark(worker);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Takes the workers for the calling thread; false if they are busy, also with its own task. */
  boolean tryOccupy() {
    return !lock.isHeldByCurrentThread() && lock.tryLock();
  }

  /** Lets workers help with a job; the caller occupies them. */
  @SuppressWarnings("NonAtomicVolatileUpdate") // under the lock
  void start(WorkerPool.Job next) {
    int most = next.helpers();
    for (int i = 0; i < most; i++) {
      if (workers[i] == null) {
        Worker worker = new Worker(i, epoch);
        workers[i] = worker;
        worker.start();
      }
    }
    job = next;
    epoch++;
    for (int i = 0; i < most; i++) {
      Worker worker = workers[i];
      if (worker != null && worker.parked) {
        LockSupport.unpark(worker);
      }
    }
  }

  /** Gives the workers back. */
  void leave() {
    job = null;
    lock.unlock();
  }

  private final class Worker extends Thread {
    private final int index;
    private long seen;
    volatile boolean parked;

    Worker(int index, long seen) {
      super(null, null, "quern-worker-" + (index + 1), 0, false);
      this.index = index;
      this.seen = seen;
      setDaemon(true);
      setContextClassLoader(null);
    }

    @Override
    public void run() {
      if (pin) {
        Affinity.pin(index + 1);
      }
      while (awaitEpoch()) {
        // a job that is over by now, or another, has no pieces left or some
        WorkerPool.Job current = job;
        if (current != null && index < current.helpers()) {
          current.work();
        }
      }
    }

    /** Waits for the next job; false if this worker is to end. */
    private boolean awaitEpoch() {
      long start = System.nanoTime();
      while (System.nanoTime() - start <= SPIN_NANOS) {
        for (int i = 0; i < 64; i++) {
          if (isNew()) {
            return true;
          }
          Thread.onSpinWait();
        }
      }
      parked = true;
      try {
        return sleep();
      } finally {
        parked = false;
      }
    }

    private boolean isNew() {
      long now = epoch;
      boolean changed = now != seen;
      seen = now;
      return changed;
    }

    private boolean sleep() {
      long idleSince = System.nanoTime();
      while (!isNew()) {
        boolean interrupted = Thread.interrupted();
        boolean retained = users.get() > 0;
        long left = STAY_NANOS - (System.nanoTime() - idleSince);
        if ((interrupted || (!retained && left <= 0)) && ends()) {
          return false;
        }
        if (retained) {
          idleSince = System.nanoTime();
          LockSupport.park(Workers.this);
        } else {
          LockSupport.parkNanos(Workers.this, Math.max(left, 1_000_000));
        }
      }
      return true;
    }

    /** Takes this worker off the list, unless a job is being shared, which it will see. */
    private boolean ends() {
      if (!lock.tryLock()) {
        return false;
      }
      try {
        if (epoch != seen) {
          return false;
        }
        workers[index] = null;
        return true;
      } finally {
        lock.unlock();
      }
    }
  }
}
