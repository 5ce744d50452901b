package dev.quern.train.run;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** When a run has to be done, on the clock that never goes back, or by request. */
public final class Deadline {

  private final boolean set;
  private final long nanos;
  private volatile boolean stopped;

  private Deadline(boolean set, long nanos) {
    this.set = set;
    this.nanos = nanos;
  }

  /**
   * A time from now.
   *
   * @param duration how long; null for no end
   * @return the deadline
   */
  public static Deadline in(@Nullable Duration duration) {
    return duration == null
        ? new Deadline(false, 0)
        : new Deadline(true, System.nanoTime() + duration.toNanos());
  }

  /** Ends the run as if its time were over: from any thread, at any moment. */
  public void stop() {
    stopped = true;
  }

  /**
   * Whether there is time for something.
   *
   * @param seconds that it takes; 0 asks whether the deadline is still to come
   * @return true when it would be done before the deadline
   */
  public boolean leaves(double seconds) {
    return !stopped && (!set || System.nanoTime() + (long) (seconds * 1e9) < nanos);
  }
}
