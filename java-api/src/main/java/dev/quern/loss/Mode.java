package dev.quern.loss;

/** How the channels of logits are read: what their classes mean to one another. */
public enum Mode {
  /** One class: all elements of the logits form one pool, whatever their shape. */
  BINARY,
  /**
   * Logits (N, C, ...): every class for itself, through the sigmoid; the target has the same shape.
   */
  MULTILABEL,
  /**
   * Logits (N, C, ...): classes that exclude one another, through the softmax; the target is (N,
   * ...) labels below C, or F32 shares of the logits' shape.
   */
  MULTICLASS
}
