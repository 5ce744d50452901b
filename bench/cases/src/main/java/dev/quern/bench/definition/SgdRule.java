package dev.quern.bench.definition;

/**
 * Stochastic gradient descent as PyTorch has it: the first step fills the momentum buffer with the
 * gradient, without dampening; the learning rate stands outside the buffer.
 *
 * @param lr the learning rate
 * @param momentum the factor of the buffer; 0 for none
 * @param dampening how much of the gradient the buffer does not take
 * @param nesterov whether the step looks ahead along the buffer
 * @param decay weight decay
 * @param maximize whether the gradient's sign is turned
 */
public record SgdRule(
    double lr, double momentum, double dampening, boolean nesterov, double decay, boolean maximize)
    implements StepRule {

  @Override
  public void step(Weights weights, float[] gradient, double factor, double clipValue) {
    boolean isFirst = weights.steps++ == 0;
    double kept = isFirst ? 0 : momentum;
    double gain = isFirst ? 1 : 1 - dampening;
    for (int i = 0; i < gradient.length; i++) {
      double g = StepRule.prepared(gradient[i], factor, clipValue, maximize);
      double size = Math.abs(g) + decay * weights.reach(i);
      g += decay * weights.w[i];
      if (momentum > 0) {
        double b = isFirst ? g : kept * weights.first[i] + gain * g;
        double bufferSize = kept * weights.firstSize[i] + Math.abs(gain) * size;
        weights.first[i] = b;
        weights.firstSize[i] = bufferSize;
        g = nesterov ? g + momentum * b : b;
        size = nesterov ? size + momentum * bufferSize : bufferSize;
      }
      weights.set(i, weights.w[i] - lr * g, lr * size);
    }
  }
}
