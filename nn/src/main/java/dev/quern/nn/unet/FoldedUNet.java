package dev.quern.nn.unet;

import dev.quern.Tensor;
import dev.quern.nn.layer.FoldedConvolution;
import dev.quern.nn.layer.Layer;
import java.util.List;

/**
 * A U-Net for prediction alone: each convolution with its normalization and ReLU is one operation.
 * Nothing changes, so several threads may use it at once.
 */
public final class FoldedUNet implements Layer, AutoCloseable {
  private final UNetPath path;
  private final List<FoldedConvolution> convolutions;

  FoldedUNet(UNetPath path, List<FoldedConvolution> convolutions) {
    this.path = path;
    this.convolutions = List.copyOf(convolutions);
  }

  /**
   * Computes logits.
   *
   * @param x F32 (N, channels, H, W), H and W multiples of {@link UNet#multiple}
   * @return (N, classes, H, W), CONTIGUOUS
   */
  @Override
  public Tensor forward(Tensor x) {
    return path.predict(x);
  }

  /** Frees the weights. */
  @Override
  public void close() {
    convolutions.forEach(FoldedConvolution::close);
  }
}
