package dev.quern.cuda.host;

import dev.quern.DeviceException;
import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * A device's primary context, shared by all engines of this process and whatever other library uses
 * the device; counted, so that the last one gives it back.
 */
final class PrimaryContext {
  private static final Map<Integer, PrimaryContext> RETAINED = new HashMap<>();

  private final int ordinal;
  private final CUdevice device;
  private final CUcontext handle = new CUcontext();
  private int users;
  private volatile @Nullable DeviceException lost;

  private PrimaryContext(int ordinal) {
    this.ordinal = ordinal;
    this.device = Device.handle(ordinal);
    Failure.check(
        "cuDevicePrimaryCtxRetain", () -> JCudaDriver.cuDevicePrimaryCtxRetain(handle, device));
  }

  static PrimaryContext retain(int ordinal) {
    synchronized (RETAINED) {
      PrimaryContext context = RETAINED.get(ordinal);
      if (context == null) {
        context = new PrimaryContext(ordinal);
        RETAINED.put(ordinal, context);
      }
      context.users++;
      return context;
    }
  }

  /** Returns the driver's answer. Threads come and go, so each call makes it current anew. */
  int makeCurrent() {
    return JCudaDriver.cuCtxSetCurrent(handle);
  }

  /** Returns what broke it, or null. */
  @Nullable DeviceException lost() {
    return lost;
  }

  /** Marks it broken; the first cause stays. */
  synchronized void lose(DeviceException cause) {
    if (lost == null) {
      lost = cause;
    }
  }

  void release() {
    synchronized (RETAINED) {
      if (--users > 0) {
        return;
      }
      RETAINED.remove(ordinal);
      Failure failure =
          Failure.of(
              "cuDevicePrimaryCtxRelease", () -> JCudaDriver.cuDevicePrimaryCtxRelease(device));
      if (failure != null) {
        System.getLogger(PrimaryContext.class.getName())
            .log(System.Logger.Level.DEBUG, failure.exception("").getMessage());
      }
    }
  }
}
