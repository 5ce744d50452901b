package dev.quern.spi.spatial;

import dev.quern.DType;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Support;

/** The family of poolings: turns a specification into an executable plan. */
public interface PoolingKernels extends KernelFamily {
  /**
   * Tells whether a pooling can be prepared.
   *
   * @param spec the pooling
   * @return yes, unless a backend says otherwise
   */
  default Support support(MaxPoolingSpec spec) {
    return support(DType.F32);
  }

  /**
   * Prepares a pooling; the engine caches the plan by its specification.
   *
   * @param spec the pooling
   * @return its plan
   * @throws UnsupportedOperationException if this backend cannot do it, naming what is missing
   */
  MaxPoolingPlan prepare(MaxPoolingSpec spec);

  /**
   * Tells whether a pooling can be prepared.
   *
   * @param spec the pooling
   * @return yes, unless a backend says otherwise
   */
  default Support support(AveragePoolingSpec spec) {
    return support(DType.F32);
  }

  /**
   * Prepares a pooling; the engine caches the plan by its specification.
   *
   * @param spec the pooling
   * @return its plan
   * @throws UnsupportedOperationException if this backend cannot do it, naming what is missing
   */
  AveragePoolingPlan prepare(AveragePoolingSpec spec);
}
