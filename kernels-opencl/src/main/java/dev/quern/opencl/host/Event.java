package dev.quern.opencl.host;

import dev.quern.spi.PendingDownload;

/** Marks the end of a command in its queue. */
public final class Event implements PendingDownload {
  private final Queue queue;
  private final long handle;
  private final long launchesBefore;
  private boolean done;

  Event(Queue queue, long handle, long launchesBefore) {
    this.queue = queue;
    this.handle = handle;
    this.launchesBefore = launchesBefore;
  }

  /** Gives the mark up without waiting. */
  void abandon() {
    if (!done) {
      done = true;
      queue.abandon(handle);
    }
  }

  /** Waits until the command is done; again at no cost. */
  @Override
  public void await() {
    if (!done) {
      done = true;
      queue.await(handle, launchesBefore);
    }
  }
}
