package dev.quern.reference.element;

import dev.quern.spi.tensor.UnaryOp;

/** The elementwise functions and their derivatives in double, with {@link StrictMath}. */
public final class Functions {
  private static final double LEAK = 0.01;
  private static final double HALF_ROOT = Math.sqrt(0.5);
  private static final double INVERSE_ROOT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

  private Functions() {}

  /**
   * Computes a function.
   *
   * @param op which one
   * @param x where
   * @return its value
   */
  public static double value(UnaryOp op, double x) {
    return switch (op) {
      case SIGMOID -> sigmoid(x);
      case SOFTPLUS -> Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
      case EXP -> StrictMath.exp(x);
      case LOG -> StrictMath.log(x);
      case SIGN -> x > 0 ? 1 : x < 0 ? -1 : 0;
      case RELU -> Math.max(x, 0);
      case LEAKY_RELU -> x > 0 ? x : x * LEAK;
      case GELU -> x * normal(x);
      case SILU -> x * sigmoid(x);
      case TANH -> StrictMath.tanh(x);
      case ABS -> Math.abs(x);
      case SQRT -> StrictMath.sqrt(x);
    };
  }

  /**
   * Computes the gradient of a function's operand.
   *
   * @param op which function
   * @param x its operand
   * @param gradient of its result
   * @param elements whose dtype the derivative is rounded to before it is multiplied
   * @return gradient * derivative
   */
  public static double gradient(UnaryOp op, double x, double gradient, Elements elements) {
    return switch (op) {
      case LOG -> gradient / x;
      case SQRT -> gradient / (2 * StrictMath.sqrt(x));
      case SIGN -> 0;
      case RELU -> x > 0 ? gradient : x <= 0 ? 0 : x;
      default -> gradient * elements.round(derivative(op, x));
    };
  }

  private static double derivative(UnaryOp op, double x) {
    return switch (op) {
      case SIGMOID -> sigmoid(x) * sigmoid(-x);
      case SOFTPLUS -> sigmoid(x);
      case EXP -> StrictMath.exp(x);
      case LEAKY_RELU -> x > 0 ? 1 : x <= 0 ? LEAK : x;
      case GELU -> normal(x) + x * INVERSE_ROOT_TWO_PI * StrictMath.exp(-0.5 * x * x);
      case SILU -> sigmoid(x) * (1 + x * sigmoid(-x));
      case TANH -> 4 * sigmoid(2 * x) * sigmoid(-2 * x);
      case ABS -> x > 0 ? 1 : x < 0 ? -1 : x;
      case LOG, SQRT, SIGN, RELU -> throw new IllegalArgumentException(op.name());
    };
  }

  /** Without overflow of the exponential. */
  private static double sigmoid(double x) {
    double small = StrictMath.exp(-Math.abs(x));
    return (x < 0 ? small : 1) / (1 + small);
  }

  /** The share of the normal distribution below x: (1 + erf(x / sqrt 2)) / 2. */
  private static double normal(double x) {
    return 0.5 * Erf.complement(-x * HALF_ROOT);
  }
}
