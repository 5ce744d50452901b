package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.Standardize;
import java.util.List;
import java.util.function.Supplier;

/**
 * Normalization along the innermost axis, as {@code torch.nn.LayerNorm} of one axis: parameters
 * {@code weight} (features), 1 at first, and {@code bias} (features), 0.
 */
public final class LayerNorm implements Layer {
  private final Standardize standardize;
  private final Supplier<Tensor> weight;
  private final Supplier<Tensor> bias;

  /**
   * Makes the layer.
   *
   * @param parameters takes its own
   * @param features the extent of the innermost axis
   * @param epsilon added to a variance before its root is taken, 1e-5 in PyTorch
   */
  public LayerNorm(Parameters parameters, int features, float epsilon) {
    this.standardize = new Standardize(epsilon);
    this.weight = parameters.constant("weight", 1, features);
    this.bias = parameters.constant("bias", 0, features);
  }

  /**
   * Normalizes.
   *
   * @param x F32 (..., features), CONTIGUOUS
   * @return of its shape
   */
  @Override
  public Tensor forward(Tensor x) {
    return x.engine()
        .scoped(() -> {
          Tensor standard = x.engine().apply(standardize, List.of(x)).getFirst();
          return standard.multiply(weight.get()).addBroadcast(bias.get(), -1);
        });
  }
}
