package dev.quern.engine;

import dev.quern.DeviceException;
import dev.quern.spi.Backend;
import java.lang.foreign.Arena;

/** What an engine has to give back, apart from it, so that a dropped engine's is given back too. */
public final class EngineResources implements Runnable {
  private static final System.Logger LOG = System.getLogger("dev.quern");

  private final Backend backend;
  private final Allocator allocator;
  private final Arena arena;
  private boolean released;

  public EngineResources(Backend backend, Allocator allocator, Arena arena) {
    this.backend = backend;
    this.allocator = allocator;
    this.arena = arena;
  }

  /** Gives everything back; idempotent. */
  public synchronized void release() {
    if (released) {
      return;
    }
    released = true;
    try {
      allocator.close();
    } catch (DeviceException e) {
      // what failed on the device was or will be reported elsewhere; closing must go on
      LOG.log(System.Logger.Level.WARNING, "The device failed before its engine closed.", e);
    } finally {
      arena.close();
      backend.close();
    }
  }

  /** Called when the engine is no longer reachable, or closed. */
  @Override
  public synchronized void run() {
    if (!released) {
      LOG.log(
          System.Logger.Level.WARNING,
          "An engine on {0} was dropped without being closed, and is closed now. Close engines,"
              + " for example by try-with-resources: until the garbage collector finds them they"
              + " keep their memory.",
          backend.device().id());
      release();
    }
  }
}
