package dev.quern.train.option;

import dev.quern.schedule.ClosedFormSchedule;
import dev.quern.schedule.CosineAnnealingLR;
import dev.quern.schedule.ExponentialLR;
import dev.quern.schedule.MultiStepLR;
import dev.quern.schedule.OneCycleLR;
import dev.quern.schedule.PolynomialLR;
import dev.quern.schedule.ReduceLROnPlateau.ThresholdMode;
import dev.quern.schedule.StepLR;
import dev.quern.train.message.BadInputException;
import dev.quern.train.run.SchedulerConfig;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of the learning rate's schedule. */
final class ScheduleOptions {

  @Setting("scheduler.kind")
  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      defaultValue = "cosine",
      description =
          "cosine (warm restarts), annealing (a cosine without), polynomial, step, multistep,"
              + " exponential, onecycle, plateau or none (default: ${DEFAULT-VALUE}).")
  private SchedulerConfig.Kind scheduler;

  @Setting("scheduler.warmup")
  @Option(
      names = "--warmup",
      paramLabel = "N",
      defaultValue = "0",
      description = "Epochs of a linear rise before the scheduler (default: ${DEFAULT-VALUE}).")
  private int warmup;

  @Setting("scheduler.minLr")
  @Option(
      names = "--min-lr",
      paramLabel = "X",
      defaultValue = "0",
      description = "cosine, annealing, plateau: where the rate stops falling (${DEFAULT-VALUE}).")
  private double minLr;

  @Setting("scheduler.period")
  @Option(
      names = "--period",
      paramLabel = "N",
      description =
          "cosine: epochs of the first period; annealing, polynomial, onecycle: of the whole"
              + " (default: all after the warm-up).")
  private @Nullable Integer period;

  @Setting("scheduler.periodFactor")
  @Option(
      names = "--period-factor",
      paramLabel = "N",
      defaultValue = "1",
      description = "cosine: each period is this many times the last (${DEFAULT-VALUE}).")
  private int periodFactor;

  @Setting("scheduler.restartDecay")
  @Option(
      names = "--restart-decay",
      paramLabel = "X",
      defaultValue = "1",
      description = "cosine: what each restart multiplies the peak by (${DEFAULT-VALUE}).")
  private double restartDecay;

  @Setting("scheduler.patience")
  @Option(
      names = "--patience",
      paramLabel = "N",
      defaultValue = "3",
      description = "plateau: epochs without progress before a reduction (${DEFAULT-VALUE}).")
  private int patience;

  @Setting("scheduler.factor")
  @Option(
      names = "--factor",
      paramLabel = "X",
      defaultValue = "0.3",
      description = "plateau: what the rate is multiplied by (default: ${DEFAULT-VALUE}).")
  private double factor;

  @Setting("scheduler.threshold")
  @Option(
      names = "--threshold",
      paramLabel = "X",
      defaultValue = "1e-4",
      description = "plateau: the least gain of IoU that is progress (${DEFAULT-VALUE}).")
  private double threshold;

  @Setting("scheduler.thresholdMode")
  @Option(
      names = "--threshold-mode",
      paramLabel = "MODE",
      defaultValue = "magnitude",
      description =
          "plateau: magnitude, a share of the best IoU's size; rel, of the IoU with its sign; or"
              + " abs (${DEFAULT-VALUE}).")
  private ThresholdMode thresholdMode;

  @Setting("scheduler.cooldown")
  @Option(
      names = "--cooldown",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "plateau: epochs after a reduction that count no lack of progress (${DEFAULT-VALUE}).")
  private int cooldown;

  @Setting("scheduler.power")
  @Option(
      names = "--power",
      paramLabel = "X",
      defaultValue = "0.9",
      description = "polynomial: the power of what is left (default: ${DEFAULT-VALUE}).")
  private double power;

  @Setting("scheduler.stepEpochs")
  @Option(
      names = "--step-size",
      paramLabel = "N",
      description = "step: epochs between two reductions (default: a third of all).")
  private @Nullable Integer stepSize;

  @Setting("scheduler.milestones")
  @Option(
      names = "--milestones",
      paramLabel = "N,N",
      split = ",",
      description =
          "multistep: after how many epochs the rate falls, such as 30,60 (default: after half and"
              + " three quarters of all).")
  private @Nullable List<Integer> milestones;

  @Setting("scheduler.gamma")
  @Option(
      names = "--gamma",
      paramLabel = "X",
      description =
          "step, multistep, exponential: what the rate is multiplied by (0.1; exponential 0.95).")
  private @Nullable Double gamma;

  @Setting("scheduler.pctStart")
  @Option(
      names = "--pct-start",
      paramLabel = "X",
      defaultValue = "0.3",
      description = "onecycle: the share of the epochs in which the rate rises (${DEFAULT-VALUE}).")
  private double pctStart;

  @Setting("scheduler.anneal")
  @Option(
      names = "--anneal",
      paramLabel = "FORM",
      defaultValue = "cos",
      description = "onecycle: cos or linear (default: ${DEFAULT-VALUE}).")
  private OneCycleLR.Anneal anneal;

  @Setting("scheduler.divFactor")
  @Option(
      names = "--div-factor",
      paramLabel = "X",
      defaultValue = "25",
      description = "onecycle: --lr divided by the first rate (default: ${DEFAULT-VALUE}).")
  private double divFactor;

  @Setting("scheduler.finalDivFactor")
  @Option(
      names = "--final-div-factor",
      paramLabel = "X",
      defaultValue = "1e4",
      description = "onecycle: the first rate divided by the last (default: ${DEFAULT-VALUE}).")
  private double finalDivFactor;

  @Setting("scheduler.threePhase")
  @Option(
      names = "--three-phase",
      description = "onecycle: fall to the first rate as fast as it rose, then to the last.")
  private boolean threePhase;

  @SuppressWarnings("NullAway.Init")
  ScheduleOptions() {}

  /** The schedule of a kind that is a function of the epoch. */
  private @Nullable ClosedFormSchedule closedForm(int length) {
    int total = period != null ? period : length;
    double stair = gamma != null ? gamma : 0.1;
    try {
      return switch (scheduler) {
        case COSINE, PLATEAU, NONE -> null;
        case ANNEALING -> new CosineAnnealingLR(total, minLr);
        case POLYNOMIAL -> new PolynomialLR(total, power);
        case STEP -> new StepLR(stepSize != null ? stepSize : part(total, 1 / 3.0), stair);
        case MULTISTEP ->
            new MultiStepLR(
                milestones != null ? milestones : List.of(part(total, 0.5), part(total, 0.75)),
                stair);
        case EXPONENTIAL -> new ExponentialLR(gamma != null ? gamma : 0.95);
        case ONECYCLE ->
            new OneCycleLR(
                total, pctStart, anneal, divFactor, finalDivFactor, threePhase, 0.85, 0.95);
      };
    } catch (IllegalArgumentException e) {
      throw new BadInputException(
          "The schedule cannot be made: %s".formatted(String.valueOf(e.getMessage())), e);
    }
  }

  private static int part(int epochs, double share) {
    return Math.max(1, (int) Math.round(epochs * share));
  }

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
        cooldown,
        closedForm(epochs - warmup));
  }

  private static void require(boolean fits, String name, Object value, String wanted) {
    if (!fits) {
      throw new BadInputException("%s is %s; give %s.".formatted(name, value, wanted));
    }
  }
}
