package dev.quern.spi.loss;

/** What a loss is given, and takes the gradient with respect to. */
public enum LossInput {
  /** Raw scores: the loss applies the sigmoid or softmax itself. */
  LOGITS,
  /** Probabilities in [0, 1], taken as they are. */
  PROBABILITIES
}
