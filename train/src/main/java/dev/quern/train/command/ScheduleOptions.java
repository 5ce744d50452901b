package dev.quern.train.command;

import dev.quern.schedule.ReduceLROnPlateau.ThresholdMode;
import dev.quern.train.BadInputException;
import dev.quern.train.run.SchedulerConfig;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of the learning rate's schedule. */
final class ScheduleOptions {

  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      defaultValue = "cosine",
      description = "cosine (warm restarts), plateau or none (default: ${DEFAULT-VALUE}).")
  private SchedulerConfig.Kind scheduler;

  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "0",
      description = "Epochs of a linear rise before the scheduler (default: ${DEFAULT-VALUE}).")
  private int warmup;

  @Option(
      names = "--min-lr",
      paramLabel = "X",
      defaultValue = "0",
      description = "cosine, plateau: where the rate stops falling (default: ${DEFAULT-VALUE}).")
  private double minLr;

  @Option(
      names = "--period",
      paramLabel = "N",
      description = "cosine: epochs of the first period (default: all after the warm-up).")
  private @Nullable Integer period;

  @Option(
      names = "--period-factor",
      paramLabel = "N",
      defaultValue = "1",
      description = "cosine: each period is this many times the last (${DEFAULT-VALUE}).")
  private int periodFactor;

  @Option(
      names = "--restart-decay",
      paramLabel = "X",
      defaultValue = "1",
      description = "cosine: what each restart multiplies the peak by (${DEFAULT-VALUE}).")
  private double restartDecay;

  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "3",
      description = "plateau: epochs without progress before a reduction (${DEFAULT-VALUE}).")
  private int patience;

  @Option(
      names = "--factor",
      paramLabel = "X",
      defaultValue = "0.3",
      description = "plateau: what the rate is multiplied by (default: ${DEFAULT-VALUE}).")
  private double factor;

  @Option(
      names = "--threshold",
      paramLabel = "X",
      defaultValue = "1e-4",
      description = "plateau: the least gain of IoU that is progress (${DEFAULT-VALUE}).")
  private double threshold;

  @Option(
      names = "--threshold-mode",
      paramLabel = "MODE",
      defaultValue = "rel",
      description = "plateau: rel, a share of the best IoU, or abs (${DEFAULT-VALUE}).")
  private ThresholdMode thresholdMode;

  @Option(
      names = "--cooldown",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "plateau: epochs after a reduction that count no lack of progress (${DEFAULT-VALUE}).")
  private int cooldown;

  @SuppressWarnings("NullAway.Init")
  ScheduleOptions() {}

  /** Checks and returns the schedule of a run of so many epochs. */
  SchedulerConfig scheduler(int epochs, double lr) {
    require(warmup >= 0, "--warmup", warmup, "0 or more");
    if (warmup >= epochs) {
      throw new BadInputException(
          "--warmup is %d epochs, but the run has only %d; give fewer.".formatted(warmup, epochs));
    }
    require(minLr >= 0 && Double.isFinite(minLr), "--min-lr", minLr, "0 or a number above");
    if (minLr > lr) {
      throw new BadInputException(
          "--min-lr is %s, but --lr is %s; give a smaller one.".formatted(minLr, lr));
    }
    if (period != null) {
      require(period >= 1, "--period", period, "at least 1");
    }
    require(periodFactor >= 1, "--period-factor", periodFactor, "at least 1");
    require(
        restartDecay > 0 && restartDecay <= 1,
        "--restart-decay",
        restartDecay,
        "a number above 0, at most 1");
    require(patience >= 0, "--patience", patience, "0 or more");
    require(factor > 0 && factor < 1, "--factor", factor, "a number between 0 and 1");
    require(
        threshold >= 0 && Double.isFinite(threshold),
        "--threshold",
        threshold,
        "0 or a number above");
    require(cooldown >= 0, "--cooldown", cooldown, "0 or more");
    return new SchedulerConfig(
        scheduler,
        warmup,
        minLr,
        period != null ? period : epochs - warmup,
        periodFactor,
        restartDecay,
        patience,
        factor,
        threshold,
        thresholdMode,
        cooldown);
  }

  private static void require(boolean fits, String name, Object value, String wanted) {
    if (!fits) {
      throw new BadInputException("%s is %s; give %s.".formatted(name, value, wanted));
    }
  }
}
