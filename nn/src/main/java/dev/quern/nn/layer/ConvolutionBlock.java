package dev.quern.nn.layer;

import dev.quern.Tensor;

/** A 3 x 3 convolution without bias, batch normalization and ReLU. */
public final class ConvolutionBlock implements Layer {
  private final Convolution2d convolution;
  private final BatchNorm2d norm;

  /**
   * Makes the layers.
   *
   * @param convolution takes the parameters of the convolution
   * @param norm takes those of the normalization
   * @param inputs channels of the operand
   * @param outputs channels of the result
   */
  public ConvolutionBlock(Parameters convolution, Parameters norm, int inputs, int outputs) {
    this.convolution = Convolution2d.same(convolution, inputs, outputs, 3, false);
    this.norm = new BatchNorm2d(norm, outputs, true);
  }

  @Override
  public Tensor forward(Tensor x) {
    try (Tensor product = convolution.forward(x)) {
      return norm.forward(product);
    }
  }

  @Override
  public Tensor predict(Tensor x) {
    try (Tensor product = convolution.predict(x)) {
      return norm.predict(product);
    }
  }

  /**
   * Makes one convolution of the three layers as they are now, for prediction: the normalization is
   * folded into weights and bias, in f64 and rounded once.
   *
   * @return owns tensors of its own
   */
  public FoldedConvolution folded() {
    BatchNorm2d.Folding folding = norm.folding();
    return FoldedConvolution.of(convolution, folding.factor(), folding.bias(), true);
  }
}
