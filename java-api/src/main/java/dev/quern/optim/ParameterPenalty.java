package dev.quern.optim;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.op.Binary;
import dev.quern.spi.tensor.BinaryOp;
import java.util.ArrayList;
import java.util.List;

/**
 * An L1 or L2 penalty on parameters as a term of the loss: {@link #value} is added to the loss that
 * is reported, {@link #addGradient} to the gradients in the store, between the backward pass and
 * the optimizer's step.
 *
 * <pre>{@code
 * ParameterPenalty penalty = ParameterPenalty.l2(store, 1e-4);
 * Tensor total = result.value().add(penalty.value());
 * penalty.addGradient();
 * adam.step();
 * }</pre>
 *
 * <p>Unlike the decay and the penalty in an optimizer's options it is part of what is reported, of
 * the gradient's norm, and of what clipping acts on.
 */
public final class ParameterPenalty {
  private enum Norm {
    L1,
    L2
  }

  private final Engine engine;
  private final Norm norm;
  private final double lambda;
  private final List<Tensor> parameters;
  private final List<Tensor> gradients;

  private ParameterPenalty(
      Engine engine, Norm norm, double lambda, List<Tensor> parameters, List<Tensor> gradients) {
    Ranges.zeroOrFloat("lambda", lambda);
    this.engine = engine;
    this.norm = norm;
    this.lambda = lambda;
    this.parameters = parameters;
    this.gradients = gradients;
  }

  /**
   * Penalises all parameters by lambda * sum |w|; its gradient is lambda * sign(w), 0 at 0.
   *
   * @param store the parameters
   * @param lambda 0 or from 2^-126 to 3.4e38
   * @return the penalty, which owns nothing
   * @throws IllegalArgumentException if lambda is out of range
   */
  public static ParameterPenalty l1(ParameterStore store, double lambda) {
    return ofAll(store, Norm.L1, lambda);
  }

  /**
   * Penalises some parameters by lambda * sum |w|.
   *
   * @param store the parameters
   * @param names those that are penalised
   * @param lambda 0 or from 2^-126 to 3.4e38
   * @return the penalty, which owns nothing
   * @throws IllegalArgumentException if lambda is out of range, or a name is not in the store
   */
  public static ParameterPenalty l1(ParameterStore store, List<String> names, double lambda) {
    return ofSome(store, names, Norm.L1, lambda);
  }

  /**
   * Penalises all parameters by lambda / 2 * sum w^2; its gradient is lambda * w, that of a weight
   * decay of lambda.
   *
   * @param store the parameters
   * @param lambda 0 or from 2^-126 to 3.4e38
   * @return the penalty, which owns nothing
   * @throws IllegalArgumentException if lambda is out of range
   */
  public static ParameterPenalty l2(ParameterStore store, double lambda) {
    return ofAll(store, Norm.L2, lambda);
  }

  /**
   * Penalises some parameters by lambda / 2 * sum w^2.
   *
   * @param store the parameters
   * @param names those that are penalised
   * @param lambda 0 or from 2^-126 to 3.4e38
   * @return the penalty, which owns nothing
   * @throws IllegalArgumentException if lambda is out of range, or a name is not in the store
   */
  public static ParameterPenalty l2(ParameterStore store, List<String> names, double lambda) {
    return ofSome(store, names, Norm.L2, lambda);
  }

  /** Whole arenas: what lies between parameters is 0 and adds nothing. */
  private static ParameterPenalty ofAll(ParameterStore store, Norm norm, double lambda) {
    if (store.isOutside()) {
      return ofSome(store, store.names(), norm, lambda);
    }
    return new ParameterPenalty(
        store.engine(),
        norm,
        lambda,
        List.of(store.parameterArena()),
        List.of(store.gradientArena()));
  }

  private static ParameterPenalty ofSome(
      ParameterStore store, List<String> names, Norm norm, double lambda) {
    var parameters = new ArrayList<Tensor>();
    var gradients = new ArrayList<Tensor>();
    for (String name : names) {
      parameters.add(store.parameter(name));
      gradients.add(store.gradient(name));
    }
    return new ParameterPenalty(store.engine(), norm, lambda, parameters, gradients);
  }

  /**
   * Computes the penalty of the present parameters.
   *
   * @return F32, one element, owned by the current scope
   */
  public Tensor value() {
    return engine.scoped(() -> {
      Tensor total = engine.tensor(new float[1], 1);
      for (Tensor w : parameters) {
        Tensor other = norm == Norm.L1 ? w.sign() : w;
        total = total.add(w.multiply(other).sum());
      }
      return total.scale((float) (norm == Norm.L1 ? lambda : lambda / 2));
    });
  }

  /** Adds the penalty's gradient to the gradients in the store. */
  public void addGradient() {
    addGradient(1);
  }

  /**
   * Adds the penalty's gradient times a loss scale to the gradients in the store.
   *
   * @param lossScale what the other gradients were multiplied by
   * @throws IllegalArgumentException if it is not finite and above 0, or F32 cannot hold lambda
   *     times it
   */
  public void addGradient(double lossScale) {
    Ranges.finiteAboveZero("lossScale", lossScale);
    Ranges.zeroOrFloat("lambda x lossScale", lambda * lossScale);
    float factor = (float) (lambda * lossScale);
    for (int i = 0; i < parameters.size(); i++) {
      Tensor gradient = gradients.get(i);
      try (Scope _ = engine.openScope()) {
        Tensor w = parameters.get(i);
        Tensor term = (norm == Norm.L1 ? w.sign() : w).scale(factor);
        engine.apply(new Binary(BinaryOp.ADD), List.of(gradient, term), List.of(gradient));
      }
    }
  }
}
