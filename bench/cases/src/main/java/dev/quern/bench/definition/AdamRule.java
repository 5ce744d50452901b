package dev.quern.bench.definition;

/**
 * Adam and AdamW as PyTorch has them, with an L1 penalty. The second moment's maximum is that of
 * the uncorrected moment; eps is added after the bias-corrected root.
 *
 * @param lr the learning rate
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the root
 * @param decay weight decay
 * @param decoupled whether the decay shrinks the weights, not through the gradient
 * @param l1 the L1 penalty
 * @param proximal whether the penalty is a soft threshold of lr l1 on the updated weights
 * @param amsgrad whether the maximum of the second moment divides
 * @param maximize whether the gradient's sign is turned
 */
public record AdamRule(
    double lr,
    double beta1,
    double beta2,
    double eps,
    double decay,
    boolean decoupled,
    double l1,
    boolean proximal,
    boolean amsgrad,
    boolean maximize)
    implements StepRule {

  @Override
  public void step(Weights weights, float[] gradient, double factor, double clipValue) {
    double k = ++weights.steps;
    double correction1 = 1 - Math.pow(beta1, k);
    double rootCorrection2 = Math.sqrt(1 - Math.pow(beta2, k));
    double rate = lr / correction1;
    for (int i = 0; i < gradient.length; i++) {
      double theta = decoupled ? weights.w[i] * (1 - lr * decay) : weights.w[i];
      double g = StepRule.prepared(gradient[i], factor, clipValue, maximize);
      double size = Math.abs(g);
      if (l1 > 0 && !proximal) {
        weights.decide(i, theta);
        g += l1 * Math.signum(theta);
        size += l1;
      }
      double l2 = decoupled ? 0 : decay;
      g += l2 * theta;
      size += l2 * weights.reach(i);
      double m = weights.first[i] + (1 - beta1) * (g - weights.first[i]);
      double v = beta2 * weights.second[i] + (1 - beta2) * g * g;
      // m + (1 - beta1) (g - m): the old moment has a part in the rounding even where beta1 is 0
      weights.firstSize[i] =
          beta1 * weights.firstSize[i] + (1 - beta1) * (size + Math.abs(weights.first[i]));
      weights.secondSize[i] = beta2 * weights.secondSize[i] + (1 - beta2) * size * size;
      weights.first[i] = m;
      weights.second[i] = v;
      weights.largest[i] = Math.max(weights.largest[i], v);
      double r = amsgrad ? weights.largest[i] : v;
      double divisor = Math.sqrt(r) / rootCorrection2 + eps;
      double w = theta - rate * m / divisor;
      double doubt = r == 0 ? 0 : Math.max(r, weights.secondSize[i]) / r;
      double update = rate * (weights.firstSize[i] + Math.abs(m) * doubt) / divisor;
      weights.set(i, l1 > 0 && proximal ? shrunk(w, lr * l1) : w, update);
    }
  }

  private static double shrunk(double w, double threshold) {
    return Math.abs(w) <= threshold ? 0 : w - Math.copySign(threshold, w);
  }
}
