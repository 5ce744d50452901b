package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.schedule.CosineAnnealingWarmRestarts;
import dev.quern.schedule.ReduceLROnPlateau;
import dev.quern.schedule.ReduceLROnPlateau.Mode;
import dev.quern.schedule.ReduceLROnPlateau.ThresholdMode;
import java.util.List;
import java.util.Optional;

/**
 * The suites of learning rates, which need no device: base learning rate times the schedule's
 * factor.
 */
abstract sealed class ScheduleCheck implements GoldenCheck {

  @Override
  public final boolean supports(GoldenCase golden) {
    return true;
  }

  /** Cosine annealing with warm restarts, stepped by whole or fractional epochs. */
  static final class Cosine extends ScheduleCheck {
    @Override
    public Optional<String> check(Engine engine, GoldenCase golden) {
      var schedule =
          new CosineAnnealingWarmRestarts(
              (int) golden.param("T_0", 1.0),
              (int) golden.param("T_mult", 1.0),
              golden.param("eta_min", 0.0));
      double base = golden.param("lr", 1e-3);
      double[] expected = golden.numbers("lr");
      double[] actual = new double[expected.length];
      boolean fractional = golden.has("epochs");
      double[] epochs = fractional ? golden.numbers("epochs") : new double[0];
      var state = schedule.start();
      for (int i = 0; i < actual.length; i++) {
        if (fractional) {
          state = schedule.at(epochs[i]);
        }
        actual[i] = base * schedule.factor(state, base);
        if (!fractional) {
          state = schedule.step(state);
        }
      }
      return Tolerance.SCHEDULE.compare("lr", expected, actual);
    }
  }

  /** Reduction on a plateau. */
  static final class Plateau extends ScheduleCheck {
    @Override
    public Optional<String> check(Engine engine, GoldenCase golden) {
      var schedule =
          new ReduceLROnPlateau(golden.param("mode", "min").equals("min") ? Mode.MIN : Mode.MAX)
              .withFactor(golden.param("factor", 0.1))
              .withPatience((int) golden.param("patience", 10.0))
              .withThreshold(
                  golden.param("threshold", 1e-4),
                  golden.param("threshold_mode", "rel").equals("rel")
                      ? ThresholdMode.REL
                      : ThresholdMode.ABS)
              .withCooldown((int) golden.param("cooldown", 0.0))
              .withMinLr(List.of(golden.param("min_lr", 0.0)))
              .withEps(golden.param("eps", 1e-8));
      double base = golden.param("lr", 1e-3);
      double[] metrics = golden.numbers("metrics");
      double[] actual = new double[metrics.length];
      var state = schedule.start(1);
      for (int i = 0; i < metrics.length; i++) {
        state = schedule.step(state, metrics[i], base);
        actual[i] = base * state.factor(0);
      }
      double best = state.best();
      int bad = state.badEpochs();
      return Tolerance.SCHEDULE
          .compare("lr", golden.numbers("lr"), actual)
          .or(() -> Tolerance.EXACT.compare("best", golden.get("best").doubleValue(), best))
          .or(() ->
              Tolerance.EXACT.compare(
                  "num_bad_epochs", golden.get("num_bad_epochs").doubleValue(), bad));
    }
  }
}
