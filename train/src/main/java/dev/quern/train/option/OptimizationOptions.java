package dev.quern.train.option;

import dev.quern.loss.SegmentationLoss;
import dev.quern.train.loss.LossExpression;
import dev.quern.train.message.BadInputException;
import dev.quern.train.run.OptimizerConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of loss and optimizer. */
final class OptimizationOptions {

  @Setting("loss")
  @Option(
      names = "--loss",
      paramLabel = "SUM",
      defaultValue = "dice+bce",
      description =
          "Sum of bce, dice, focal, jaccard, lovasz, tversky with weights and parameters, such as"
              + " '0.5*dice + focal(gamma=2)' (default: ${DEFAULT-VALUE}).")
  private String loss;

  @Setting("optimizer.kind")
  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      defaultValue = "adam",
      description = "adam, adamw or sgd (default: ${DEFAULT-VALUE}).")
  private OptimizerConfig.Kind optimizer;

  @Setting("optimizer.lr")
  @Option(
      names = "--lr",
      paramLabel = "X",
      description = "Learning rate (default: unet 0.003, pixel 0.05).")
  private @Nullable Double lr;

  @Setting("optimizer.weightDecay")
  @Option(
      names = "--weight-decay",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "Pull of the weights towards 0: an L2 penalty, of adamw decoupled (${DEFAULT-VALUE}).")
  private double weightDecay;

  @Setting("optimizer.momentum")
  @Option(
      names = "--momentum",
      paramLabel = "X",
      defaultValue = "0",
      description = "sgd: share of the last step in the next (default: ${DEFAULT-VALUE}).")
  private double momentum;

  @Setting("optimizer.nesterov")
  @Option(names = "--nesterov", description = "sgd: look ahead along the momentum.")
  private boolean nesterov;

  @Setting("optimizer.l1")
  @Option(
      names = "--l1",
      paramLabel = "X",
      defaultValue = "0",
      description = "adam, adamw: L1 penalty (default: ${DEFAULT-VALUE}).")
  private double l1;

  @Setting("optimizer.clip")
  @Option(
      names = "--clip",
      paramLabel = "X",
      defaultValue = "0",
      description = "Largest norm of all gradients together, 0 for any (${DEFAULT-VALUE}).")
  private double clip;

  @Setting("optimizer.ema")
  @Option(
      names = "--ema",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "Decay of a moving average of the weights, which is then scored and saved; 0 for none"
              + " (${DEFAULT-VALUE}).")
  private double ema;

  @SuppressWarnings("NullAway.Init")
  OptimizationOptions() {}

  /** Checks and returns the loss's text. */
  String loss() {
    SegmentationLoss _ = LossExpression.parse(loss, null);
    return loss.strip();
  }

  /** Checks and returns the optimizer, with the rate that suits the model if none is given. */
  OptimizerConfig optimizer(double byModel) {
    double lr = this.lr == null ? byModel : this.lr;
    if (!(lr > 0 && Double.isFinite(lr))) {
      throw new BadInputException("--lr is %s; give a number above 0.".formatted(lr));
    }
    requireAtLeastZero("--weight-decay", weightDecay);
    requireAtLeastZero("--momentum", momentum);
    requireAtLeastZero("--l1", l1);
    requireAtLeastZero("--clip", clip);
    if (clip > 0 && clip < Float.MIN_NORMAL) {
      throw new BadInputException(
          "--clip is %s; give 0 for any norm or at least %s.".formatted(clip, Float.MIN_NORMAL));
    }
    if (!(ema >= 0 && (float) ema < 1 && (ema == 0 || (float) (1 - ema) < 1))) {
      throw new BadInputException(
          "--ema is %s; give 0 for none or a decay from 6e-8 to 0.99999994, such as 0.99."
              .formatted(ema));
    }
    boolean sgd = optimizer == OptimizerConfig.Kind.SGD;
    if (momentum > 0 && !sgd) {
      throw new BadInputException(
          "--momentum goes with --optimizer sgd, but the optimizer is %s.".formatted(optimizer));
    }
    if (nesterov && momentum == 0) {
      throw new BadInputException("--nesterov needs a --momentum above 0.");
    }
    if (l1 > 0 && sgd) {
      throw new BadInputException("--l1 goes with --optimizer adam or adamw, but it is sgd.");
    }
    var config = new OptimizerConfig(optimizer, lr, weightDecay, momentum, nesterov, l1, clip, ema);
    try {
      config.check();
    } catch (IllegalArgumentException e) {
      throw new BadInputException(
          "The optimizer cannot be made: %s".formatted(String.valueOf(e.getMessage())), e);
    }
    return config;
  }

  private static void requireAtLeastZero(String name, double value) {
    if (!(value >= 0 && Double.isFinite(value))) {
      throw new BadInputException("%s is %s; give 0 or a number above.".formatted(name, value));
    }
  }
}
