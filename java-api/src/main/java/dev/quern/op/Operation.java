package dev.quern.op;

import dev.quern.op.shape.Concat;
import dev.quern.op.shape.Expand;
import dev.quern.op.shape.Narrow;
import dev.quern.op.shape.Permute;
import dev.quern.op.shape.Reshape;
import dev.quern.op.shape.Slice;
import dev.quern.op.shape.ToFormat;
import dev.quern.op.spatial.SpatialOperation;
import java.util.List;

/**
 * A tensor operation as a value: its parameters, and what its results are, given its inputs. {@link
 * dev.quern.Engine#apply} runs it; the methods of {@link dev.quern.Tensor} are short for that. What
 * an operation computes is said at its record.
 */
public sealed interface Operation
    permits AddBroadcast,
        AddBroadcast.VectorGradient,
        Binary,
        Concat,
        Convert,
        Expand,
        Fill,
        MatMul,
        MaxAxis,
        MaxAxis.Gradient,
        Narrow,
        NotEqual,
        Permute,
        Reshape,
        Scale,
        Slice,
        Softmax,
        Softmax.Gradient,
        SpatialOperation,
        Standardize,
        Standardize.Gradient,
        Sum,
        SumAxes,
        ToFormat,
        Unary,
        Unary.Gradient,
        Uniform {

  /**
   * Tells the types of the results.
   *
   * @param inputs the types of the inputs, as many as the operation takes, in its order
   * @return the types of the results, in its order
   * @throws IllegalArgumentException if the operation does not take such inputs, naming both sides
   *     of what does not match
   * @throws IndexOutOfBoundsException if it names an axis that an input does not have
   * @throws ArithmeticException if a result would have more than 2^63 - 1 elements
   */
  List<TensorType> outputs(List<TensorType> inputs);
}
