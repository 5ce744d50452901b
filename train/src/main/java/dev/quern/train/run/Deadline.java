package dev.quern.train.run;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** When a run has to be done, on the clock that never goes back. */
public final class Deadline {

  private final boolean set;
  private final long nanos;

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

  /**
   * Whether there is time for something.
   *
   * @param seconds that it takes; 0 asks whether the deadline is still to come
   * @return true when it would be done before the deadline
   */
  public boolean leaves(double seconds) {
    return !set || System.nanoTime() + (long) (seconds * 1e9) < nanos;
  }
}
