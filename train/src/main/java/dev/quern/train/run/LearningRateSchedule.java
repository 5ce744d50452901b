package dev.quern.train.run;

import dev.quern.schedule.CosineAnnealingWarmRestarts;
import dev.quern.schedule.ReduceLROnPlateau;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The learning rate of the coming epoch, and what is needed to know the following ones. */
public sealed interface LearningRateSchedule {

  /**
   * The learning rate of the coming epoch.
   *
   * @return base rate times the schedule's factor
   */
  double rate();

  /**
   * The schedule after an epoch.
   *
   * @param valIou validation IoU of the epoch
   * @return the schedule for the next epoch
   */
  LearningRateSchedule next(double valIou);

  /**
   * The schedule's state for a checkpoint.
   *
   * @return a JSON object, empty for a constant rate
   */
  ObjectNode toJson();

  /**
   * A schedule before its first epoch.
   *
   * @param config kind and parameters
   * @param base base learning rate
   * @return the schedule
   */
  static LearningRateSchedule start(RunConfig.SchedulerConfig config, double base) {
    return switch (config.kind()) {
      case NONE -> new Constant(base);
      case COSINE -> {
        CosineAnnealingWarmRestarts cosine =
            new CosineAnnealingWarmRestarts(config.period(), config.periodFactor(), 0);
        yield new Cosine(base, cosine, cosine.start());
      }
      case PLATEAU -> {
        ReduceLROnPlateau plateau =
            new ReduceLROnPlateau(ReduceLROnPlateau.Mode.MAX)
                .withFactor(config.factor())
                .withPatience(config.patience());
        yield new Plateau(base, plateau, plateau.start(1));
      }
    };
  }

  /**
   * A schedule that goes on where a checkpoint left it.
   *
   * @param config kind and parameters
   * @param base base learning rate
   * @param state what {@link #toJson} returned
   * @return the schedule
   */
  static LearningRateSchedule resume(
      RunConfig.SchedulerConfig config, double base, JsonNode state) {
    return switch (start(config, base)) {
      case Constant constant -> constant;
      case Cosine cosine ->
          new Cosine(
              base,
              cosine.schedule(),
              new CosineAnnealingWarmRestarts.State(
                  state.required("epoch").asLong(),
                  state.required("tCur").asDouble(),
                  state.required("tI").asDouble()));
      case Plateau plateau ->
          new Plateau(
              base,
              plateau.schedule(),
              new ReduceLROnPlateau.State(
                  state.required("epoch").asLong(),
                  // Infinity before the first metric is no JSON number.
                  Double.parseDouble(state.required("best").asString()),
                  state.required("badEpochs").asInt(),
                  state.required("cooldownLeft").asInt(),
                  List.of(state.required("factor").asDouble())));
    };
  }

  /**
   * A constant rate.
   *
   * @param rate of every epoch
   */
  record Constant(double rate) implements LearningRateSchedule {
    @Override
    public LearningRateSchedule next(double valIou) {
      return this;
    }

    @Override
    public ObjectNode toJson() {
      return JsonMapper.shared().createObjectNode();
    }
  }

  /**
   * Cosine annealing with warm restarts.
   *
   * @param base base learning rate
   * @param schedule its parameters
   * @param position where it stands
   */
  record Cosine(
      double base, CosineAnnealingWarmRestarts schedule, CosineAnnealingWarmRestarts.State position)
      implements LearningRateSchedule {
    @Override
    public double rate() {
      return schedule.lr(position, base);
    }

    @Override
    public LearningRateSchedule next(double valIou) {
      return new Cosine(base, schedule, schedule.step(position));
    }

    @Override
    public ObjectNode toJson() {
      return JsonMapper.shared()
          .createObjectNode()
          .put("epoch", position.epoch())
          .put("tCur", position.tCur())
          .put("tI", position.tI());
    }
  }

  /**
   * Reduction when the validation IoU stops rising.
   *
   * @param base base learning rate
   * @param schedule its parameters
   * @param position where it stands
   */
  record Plateau(double base, ReduceLROnPlateau schedule, ReduceLROnPlateau.State position)
      implements LearningRateSchedule {
    @Override
    public double rate() {
      return base * position.factor(0);
    }

    @Override
    public LearningRateSchedule next(double valIou) {
      return new Plateau(base, schedule, schedule.step(position, valIou, base));
    }

    @Override
    public ObjectNode toJson() {
      return JsonMapper.shared()
          .createObjectNode()
          .put("epoch", position.epoch())
          .put("best", Double.toString(position.best()))
          .put("badEpochs", position.badEpochs())
          .put("cooldownLeft", position.cooldownLeft())
          .put("factor", position.factor(0));
    }
  }
}
