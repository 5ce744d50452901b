package dev.quern.train.run;

import dev.quern.schedule.ClosedFormSchedule;
import dev.quern.schedule.CosineAnnealingWarmRestarts;
import dev.quern.schedule.LinearWarmup;
import dev.quern.schedule.ReduceLROnPlateau;
import dev.quern.schedule.ReduceLROnPlateau.ThresholdMode;
import dev.quern.schedule.ScheduleProduct;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How the learning rate changes from epoch to epoch.
 *
 * @param kind what happens after the warm-up
 * @param warmup epochs of a linear rise before everything else, 0 for none
 * @param minLr what the rate does not fall below
 * @param period epochs of the first cosine period
 * @param periodFactor every further period is this many times longer
 * @param restartDecay what a restart of the cosine multiplies its peak by
 * @param patience epochs without a better validation IoU before a plateau reduces the rate
 * @param factor by which a plateau multiplies the rate
 * @param threshold the least gain of IoU that counts as better
 * @param thresholdMode what the gain is measured against
 * @param cooldown epochs after a reduction that count no lack of progress
 * @param closedForm the schedule of a kind that is a function of the epoch; null for the others
 */
public record SchedulerConfig(
    Kind kind,
    int warmup,
    double minLr,
    int period,
    int periodFactor,
    double restartDecay,
    int patience,
    double factor,
    double threshold,
    ThresholdMode thresholdMode,
    int cooldown,
    @Nullable ClosedFormSchedule closedForm) {

  /** The schedules there are. */
  public enum Kind {
    /** Cosine annealing with warm restarts. */
    COSINE,
    /** Reduction when the validation IoU stops rising. */
    PLATEAU,
    /** Half a cosine without restarts. */
    ANNEALING,
    /** A power of the epochs that are left. */
    POLYNOMIAL,
    /** A reduction every so many epochs. */
    STEP,
    /** Reductions in given epochs. */
    MULTISTEP,
    /** A reduction every epoch. */
    EXPONENTIAL,
    /** A rise and a fall. */
    ONECYCLE,
    /** A constant rate. */
    NONE
  }

  /**
   * The schedule.
   *
   * @return steps once an epoch, with the validation IoU
   */
  ScheduleProduct schedule() {
    ScheduleProduct main =
        switch (kind) {
          case NONE -> new ScheduleProduct();
          case ANNEALING, POLYNOMIAL, STEP, MULTISTEP, EXPONENTIAL, ONECYCLE ->
              new ScheduleProduct().with(Objects.requireNonNull(closedForm));
          case COSINE ->
              new ScheduleProduct()
                  .withCosine(
                      new CosineAnnealingWarmRestarts(period, periodFactor, minLr, restartDecay));
          case PLATEAU ->
              new ScheduleProduct()
                  .withPlateau(
                      new ReduceLROnPlateau(ReduceLROnPlateau.Mode.MAX)
                          .withFactor(factor)
                          .withPatience(patience)
                          .withThreshold(threshold, thresholdMode)
                          .withCooldown(cooldown)
                          .withMinLr(List.of(minLr)));
        };
    return warmup == 0 ? main : main.withWarmup(new LinearWarmup(warmup));
  }

  void toJson(ObjectNode node) {
    node.put("kind", kind.name());
    node.put("warmup", warmup);
    node.put("minLr", minLr);
    node.put("period", period);
    node.put("periodFactor", periodFactor);
    node.put("restartDecay", restartDecay);
    node.put("patience", patience);
    node.put("factor", factor);
    node.put("threshold", threshold);
    node.put("thresholdMode", thresholdMode.name());
    node.put("cooldown", cooldown);
    if (closedForm != null) {
      ClosedFormJson.write(closedForm, node);
    }
  }

  static SchedulerConfig parse(JsonNode node) {
    Kind kind = Kind.valueOf(node.required("kind").asString());
    return new SchedulerConfig(
        kind,
        node.required("warmup").asInt(),
        node.required("minLr").asDouble(),
        node.required("period").asInt(),
        node.required("periodFactor").asInt(),
        node.required("restartDecay").asDouble(),
        node.required("patience").asInt(),
        node.required("factor").asDouble(),
        node.required("threshold").asDouble(),
        ThresholdMode.valueOf(node.required("thresholdMode").asString()),
        node.required("cooldown").asInt(),
        ClosedFormJson.read(kind, node));
  }
}
