package dev.quern.spi;

import java.util.List;

/**
 * A prepared {@link Spec}: its methods enqueue kernels. Preparing compiles and enqueues nothing, so
 * the engine does it outside its lock, one at a time; whatever a plan keeps on the device it makes
 * at its first call.
 */
public interface Plan extends Observed {
  /**
   * Returns what was prepared.
   *
   * @return the specification
   */
  Spec<?> spec();

  /**
   * Returns the device memory the plan keeps. The engine releases it once nobody holds the plan.
   *
   * @return a list that does not refer to the plan; later additions show in it
   */
  default List<DeviceBuffer> kept() {
    return List.of();
  }
}
