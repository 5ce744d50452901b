package dev.quern.nn.layer;

/** The bounds of evenly drawn weights, as He et al. 2015 and {@code torch.nn.init} have them. */
final class Kaiming {
  private Kaiming() {}

  /**
   * For weights before a ReLU: variance 2 / fan in.
   *
   * @param fanIn products summed for one element
   */
  static double relu(long fanIn) {
    return Math.sqrt(6.0 / (double) fanIn);
  }

  /**
   * What PyTorch's layers begin with, weights and biases: variance 1 / (3 fan in).
   *
   * @param fanIn products summed for one element
   */
  static double torch(long fanIn) {
    return 1 / Math.sqrt((double) fanIn);
  }
}
