package dev.quern.op.spatial;

import dev.quern.op.Operation;
import dev.quern.op.TensorType;
import dev.quern.spi.Spec;
import java.util.List;

/** An operation on images, whose kernels are prepared once for a specification. */
public sealed interface SpatialOperation extends Operation
    permits AveragePool,
        AveragePool.Gradient,
        BatchNorm,
        BatchNorm.Gradient,
        Convolution,
        Convolution.InputGradient,
        Convolution.WeightGradient,
        ConvolutionTranspose,
        MaxPool,
        MaxPool.Gradient,
        TrackStatistics,
        Upsample,
        Upsample.Gradient {

  /**
   * Returns what has to be prepared.
   *
   * @param inputs the types of the inputs, which {@link #outputs} has taken
   * @return the specification
   */
  Spec<?> spec(List<TensorType> inputs);
}
