package dev.quern.opencl.host;

import dev.quern.spi.PendingDownload;
import org.jocl.CL;
import org.jocl.cl_event;

/** Marks the end of a command in its queue. */
public final class Event implements PendingDownload {
  private final Queue queue;
  private final cl_event handle;
  private final long launchesBefore;
  private boolean done;

  Event(Queue queue, cl_event handle, long launchesBefore) {
    this.queue = queue;
    this.handle = handle;
    this.launchesBefore = launchesBefore;
  }

  /** Gives the mark up without waiting. */
  void abandon() {
    if (!done) {
      done = true;
      CL.clReleaseEvent(handle);
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
