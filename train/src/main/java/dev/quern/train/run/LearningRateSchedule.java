package dev.quern.train.run;

import dev.quern.schedule.CosineAnnealingWarmRestarts;
import dev.quern.schedule.LinearWarmup;
import dev.quern.schedule.ReduceLROnPlateau;
import dev.quern.schedule.ScheduleProduct;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The learning rate of the coming epoch, and what is needed to know the following ones.
 *
 * @param base base learning rate
 * @param schedule its parameters
 * @param state where it stands
 */
public record LearningRateSchedule(
    double base, ScheduleProduct schedule, ScheduleProduct.State state) {

  /**
   * A schedule before its first epoch.
   *
   * @param config kind and parameters
   * @param base base learning rate
   * @return the schedule
   */
  public static LearningRateSchedule start(SchedulerConfig config, double base) {
    ScheduleProduct schedule = config.schedule();
    return new LearningRateSchedule(base, schedule, schedule.start(1));
  }

  /**
   * A schedule that goes on where a checkpoint left it.
   *
   * @param config kind and parameters
   * @param base base learning rate
   * @param text what {@link #toJson} returned
   * @return the schedule
   * @throws IllegalArgumentException when that does not fit the parameters
   * @throws tools.jackson.core.JacksonException when it is damaged
   */
  public static LearningRateSchedule resume(SchedulerConfig config, double base, String text) {
    JsonNode saved = JsonMapper.shared().readTree(text);
    var state =
        new ScheduleProduct.State(
            warmup(saved.get("warmup")),
            cosine(saved.get("cosine")),
            plateau(saved.get("plateau")),
            saved.path("closedForm").path("step").asLong(0));
    LearningRateSchedule schedule = new LearningRateSchedule(base, config.schedule(), state);
    // one that belongs to other parameters is refused here, not in the middle of an epoch
    double _ = schedule.rate();
    return schedule;
  }

  private static LinearWarmup.@Nullable State warmup(@Nullable JsonNode saved) {
    return saved == null ? null : new LinearWarmup.State(saved.required("step").asLong());
  }

  private static CosineAnnealingWarmRestarts.@Nullable State cosine(@Nullable JsonNode saved) {
    return saved == null
        ? null
        : new CosineAnnealingWarmRestarts.State(
            saved.required("epoch").asLong(),
            saved.required("tCur").asDouble(),
            saved.required("tI").asDouble(),
            saved.required("restarts").asLong());
  }

  private static ReduceLROnPlateau.@Nullable State plateau(@Nullable JsonNode saved) {
    return saved == null
        ? null
        : new ReduceLROnPlateau.State(
            saved.required("epoch").asLong(),
            // Infinity before the first metric is no JSON number.
            Double.parseDouble(saved.required("best").asString()),
            saved.required("badEpochs").asInt(),
            saved.required("cooldownLeft").asInt(),
            List.of(saved.required("factor").asDouble()));
  }

  /**
   * The learning rate of the coming epoch.
   *
   * @return base rate times the schedule's factor
   */
  public double rate() {
    return schedule.lr(state, 0, base);
  }

  /**
   * The schedule after an epoch.
   *
   * @param valIou validation IoU of the epoch
   * @return the schedule for the next epoch
   */
  public LearningRateSchedule next(double valIou) {
    return new LearningRateSchedule(base, schedule, schedule.step(state, valIou, base));
  }

  /**
   * The schedule's state for a checkpoint.
   *
   * @return a JSON object with one member for each part, empty for a constant rate
   */
  public ObjectNode toJson() {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    LinearWarmup.State warmup = state.warmup();
    if (warmup != null) {
      node.putObject("warmup").put("step", warmup.step());
    }
    CosineAnnealingWarmRestarts.State cosine = state.cosine();
    if (cosine != null) {
      node.putObject("cosine")
          .put("epoch", cosine.epoch())
          .put("tCur", cosine.tCur())
          .put("tI", cosine.tI())
          .put("restarts", cosine.restarts());
    }
    ReduceLROnPlateau.State plateau = state.plateau();
    if (plateau != null) {
      node.putObject("plateau")
          .put("epoch", plateau.epoch())
          .put("best", Double.toString(plateau.best()))
          .put("badEpochs", plateau.badEpochs())
          .put("cooldownLeft", plateau.cooldownLeft())
          .put("factor", plateau.factor(0));
    }
    if (!schedule.closedForms().isEmpty()) {
      node.putObject("closedForm").put("step", state.step());
    }
    return node;
  }
}
