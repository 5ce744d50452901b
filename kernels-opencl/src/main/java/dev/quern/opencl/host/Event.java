package dev.quern.opencl.host;

import dev.quern.gpu.host.Mark;
import dev.quern.spi.PendingDownload;

/** Marks the end of a command in its queue. */
public final class Event implements Mark, PendingDownload {
  private final Queue queue;
  private final long handle;
  private final long launchesBefore;
  private boolean done;

  Event(Queue queue, long handle, long launchesBefore) {
    this.queue = queue;
    this.handle = handle;
    this.launchesBefore = launchesBefore;
  }

  @Override
  public void abandon() {
    if (!done) {
      done = true;
      queue.abandon(handle);
    }
  }

  @Override
  public void await() {
    if (!done) {
      done = true;
      queue.await(handle, launchesBefore);
    }
  }
}
