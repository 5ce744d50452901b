package dev.quern.nn.layer;

import dev.quern.Tensor;
import dev.quern.op.Unary;
import dev.quern.spi.tensor.UnaryOp;
import java.util.List;

/** Elementwise functions as layers. */
public enum Activation implements Layer {
  /** The greater of 0 and x. */
  RELU(UnaryOp.RELU),
  /** x, or x / 100 where it is negative. */
  LEAKY_RELU(UnaryOp.LEAKY_RELU),
  /** x (1 + erf(x / sqrt 2)) / 2. */
  GELU(UnaryOp.GELU),
  /** x / (1 + e^-x). */
  SILU(UnaryOp.SILU),
  /** 1 / (1 + e^-x). */
  SIGMOID(UnaryOp.SIGMOID),
  /** The hyperbolic tangent. */
  TANH(UnaryOp.TANH);

  @SuppressWarnings("ImmutableEnumChecker") // a record of an enum
  private final Unary operation;

  Activation(UnaryOp function) {
    this.operation = new Unary(function);
  }

  @Override
  public Tensor forward(Tensor x) {
    return x.engine().apply(operation, List.of(x)).getFirst();
  }
}
