package dev.quern.nn.layer;

import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.op.Standardize;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Normalization of groups of channels of each image, as {@code torch.nn.GroupNorm}: parameters
 * {@code weight} (channels), 1 at first, and {@code bias} (channels), 0.
 */
public final class GroupNorm implements Layer {
  private final Standardize standardize;
  private final int groups;
  private final int channels;
  private final Supplier<Tensor> weight;
  private final Supplier<Tensor> bias;

  /**
   * Makes the layer.
   *
   * @param parameters takes its own
   * @param groups of neighbouring channels
   * @param channels of the operand, a multiple of {@code groups}
   * @param epsilon added to a variance before its root is taken, 1e-5 in PyTorch
   */
  public GroupNorm(Parameters parameters, int groups, int channels, float epsilon) {
    if (groups < 1 || channels % groups != 0) {
      throw new IllegalArgumentException(
          "%d channels cannot be divided into %d groups of equal size."
              .formatted(channels, groups));
    }
    this.standardize = new Standardize(epsilon);
    this.groups = groups;
    this.channels = channels;
    this.weight = parameters.constant("weight", 1, channels);
    this.bias = parameters.constant("bias", 0, channels);
  }

  /**
   * Normalizes.
   *
   * @param x F32 (N, channels, ...), of any format
   * @return of its shape, CONTIGUOUS
   */
  @Override
  public Tensor forward(Tensor x) {
    Shape shape = x.shape();
    if (shape.rank() < 2 || shape.dim(1) != channels) {
      throw new IllegalArgumentException(
          "Group normalization of %d channels needs (N, %d, ...), got shape %s."
              .formatted(channels, channels, shape));
    }
    return x.engine()
        .scoped(() -> {
          long rows = shape.dim(0) * groups;
          Tensor grouped = x.contiguous().reshape(rows, shape.elementsFrom(1) / groups);
          List<Tensor> standard = x.engine().apply(standardize, List.of(grouped));
          Tensor back = standard.getFirst().reshape(shape);
          long[] perChannel = new long[shape.rank() - 1];
          Arrays.fill(perChannel, 1);
          perChannel[0] = channels;
          return back.multiply(weight.get().reshape(perChannel)).addBroadcast(bias.get(), 1);
        });
  }
}
