package dev.quern.train.run;

import dev.quern.ParameterStore;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.Optimizer;
import dev.quern.optim.OptimizerBuilder;
import dev.quern.optim.OptimizerOptions;
import dev.quern.optim.Sgd;
import dev.quern.optim.SgdOptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How weights follow from gradients.
 *
 * @param kind the optimizer
 * @param lr base learning rate
 * @param weightDecay L2 penalty; of {@link Kind#ADAMW} decoupled from the moments
 * @param momentum of {@link Kind#SGD}, 0 for none
 * @param nesterov whether that momentum is Nesterov's
 * @param l1 L1 penalty of the Adams, 0 for none
 * @param clip the largest norm of all gradients together, 0 for any
 * @param ema decay of the moving average of the weights, 0 for none
 */
public record OptimizerConfig(
    Kind kind,
    double lr,
    double weightDecay,
    double momentum,
    boolean nesterov,
    double l1,
    double clip,
    double ema) {

  /** The optimizers there are. */
  public enum Kind {
    /** Adam with an L2 penalty. */
    ADAM,
    /** Adam with decoupled weight decay. */
    ADAMW,
    /** Gradient descent, with momentum where asked. */
    SGD
  }

  /**
   * Makes the optimizer. A step with a gradient that is not finite changes nothing.
   *
   * @param store what it changes
   * @return the optimizer, owned by the caller
   */
  public Optimizer<?> build(ParameterStore store) {
    return switch (kind) {
      case ADAM -> finish(adam(store, adamOptions().withWeightDecay(weightDecay))).build();
      case ADAMW ->
          finish(adam(store, adamOptions().withDecoupledWeightDecay(weightDecay))).build();
      case SGD -> finish(Sgd.builder(store).options(sgdOptions())).build();
    };
  }

  /**
   * Checks the hyper-parameters of the optimizer's rule.
   *
   * @throws IllegalArgumentException naming the first that is out of range
   */
  public void check() {
    OptimizerOptions<?> _ =
        switch (kind) {
          case ADAM -> adamOptions().withWeightDecay(weightDecay);
          case ADAMW -> adamOptions().withDecoupledWeightDecay(weightDecay);
          case SGD -> sgdOptions();
        };
  }

  private static Adam.Builder adam(ParameterStore store, AdamOptions options) {
    return Adam.builder(store).options(options);
  }

  private AdamOptions adamOptions() {
    AdamOptions options = new AdamOptions().withLr(lr);
    return l1 > 0 ? options.withL1(l1) : options;
  }

  private SgdOptions sgdOptions() {
    SgdOptions options = new SgdOptions().withLr(lr).withWeightDecay(weightDecay);
    if (momentum == 0) {
      return options;
    }
    return nesterov ? options.withNesterovMomentum(momentum) : options.withMomentum(momentum);
  }

  private <B extends OptimizerBuilder<?, B>> B finish(B builder) {
    B result = builder.skipNonFinite(true);
    if (clip > 0) {
      result = result.clipNorm(clip);
    }
    return ema > 0 ? result.emaDecay(ema) : result;
  }

  void toJson(ObjectNode node) {
    node.put("kind", kind.name());
    node.put("lr", lr);
    node.put("weightDecay", weightDecay);
    node.put("momentum", momentum);
    node.put("nesterov", nesterov);
    node.put("l1", l1);
    node.put("clip", clip);
    node.put("ema", ema);
  }

  static OptimizerConfig parse(JsonNode node) {
    return new OptimizerConfig(
        Kind.valueOf(node.required("kind").asString()),
        node.required("lr").asDouble(),
        node.required("weightDecay").asDouble(),
        node.required("momentum").asDouble(),
        node.required("nesterov").asBoolean(),
        node.required("l1").asDouble(),
        node.required("clip").asDouble(),
        node.required("ema").asDouble());
  }
}
