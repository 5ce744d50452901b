package dev.quern.spi.optim;

/** The flags of a group of parameters, as {@code optimizer.inc} has them. */
public final class OptimizerFlags {
  /** The gradient's sign is turned. */
  public static final int MAXIMIZE = 1;

  /** The gradient is clipped by value. */
  public static final int CLIP_VALUE = 2;

  /** A moving average of the parameters is kept. */
  public static final int EMA = 4;

  /** Adam: the second moment's maximum divides. */
  public static final int AMSGRAD = 8;

  /** Adam: weight decay shrinks the parameter instead of adding to the gradient. */
  public static final int DECOUPLED = 16;

  /** Adam: an L1 sub-gradient is added to the gradient. */
  public static final int L1 = 32;

  /** Adam: the updated parameter is drawn towards 0 by a soft threshold. */
  public static final int PROXIMAL_L1 = 64;

  /** SGD: a momentum buffer is kept. */
  public static final int MOMENTUM = 128;

  /** SGD: the step looks ahead. */
  public static final int NESTEROV = 256;

  private OptimizerFlags() {}
}
