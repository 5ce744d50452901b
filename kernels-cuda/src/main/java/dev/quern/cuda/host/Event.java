package dev.quern.cuda.host;

import dev.quern.gpu.host.Mark;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** Marks a place in a queue: all that was enqueued before it. */
final class Event implements Mark {
  private final Context context;
  private final CUevent handle = new CUevent();
  private final long launchesBefore;
  private boolean done;

  Event(Context context, CUstream stream) {
    this.context = context;
    this.launchesBefore = context.journal().position();
    context.call(
        "cuEventCreate",
        () -> JCudaDriver.cuEventCreate(handle, CUevent_flags.CU_EVENT_DISABLE_TIMING));
    try {
      context.call("cuEventRecord", () -> JCudaDriver.cuEventRecord(handle, stream));
    } catch (RuntimeException e) {
      abandon();
      throw e;
    }
  }

  @Override
  public void abandon() {
    if (!done) {
      done = true;
      context.release("cuEventDestroy", () -> JCudaDriver.cuEventDestroy(handle));
    }
  }

  @Override
  public void await() {
    if (!done) {
      try {
        context.call("cuEventSynchronize", () -> JCudaDriver.cuEventSynchronize(handle));
        context.journal().succeeded(launchesBefore);
      } finally {
        abandon();
      }
    }
  }
}
