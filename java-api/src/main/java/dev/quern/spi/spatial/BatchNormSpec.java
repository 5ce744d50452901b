package dev.quern.spi.spatial;

import dev.quern.spi.Kernels;
import dev.quern.spi.Spec;
import dev.quern.spi.Support;

/**
 * Batch normalization of channels-last data: rows of pixels, columns of channels.
 *
 * @param epsilon added to a variance before its root is taken
 * @param training whether the statistics are those of the data, so that the gradient goes through
 *     them too; else they are constants
 * @param relu whether the result is the greater of 0 and the normalized value; NaN stays
 */
public record BatchNormSpec(float epsilon, boolean training, boolean relu)
    implements Spec<BatchNormPlan> {
  @Override
  public Support support(Kernels kernels) {
    return kernels.normalization().support(this);
  }

  @Override
  public BatchNormPlan prepare(Kernels kernels) {
    return kernels.normalization().prepare(this);
  }
}
