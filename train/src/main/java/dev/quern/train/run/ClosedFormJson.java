package dev.quern.train.run;

import dev.quern.schedule.ClosedFormSchedule;
import dev.quern.schedule.CosineAnnealingLR;
import dev.quern.schedule.ExponentialLR;
import dev.quern.schedule.MultiStepLR;
import dev.quern.schedule.OneCycleLR;
import dev.quern.schedule.PolynomialLR;
import dev.quern.schedule.StepLR;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The parameters of a schedule that is a function of the epoch, in {@code config.json}, beside
 * {@code period}, its whole length, and {@code minLr}.
 */
final class ClosedFormJson {

  private ClosedFormJson() {}

  static void write(ClosedFormSchedule schedule, ObjectNode node) {
    switch (schedule) {
      case CosineAnnealingLR _ -> {}
      case PolynomialLR(int _, double power) -> node.put("power", power);
      case StepLR(int stepSize, double gamma) ->
          node.put("stepEpochs", stepSize).put("gamma", gamma);
      case MultiStepLR(List<Integer> milestones, double gamma) ->
          node.put(
                  "milestones",
                  milestones.stream().map(String::valueOf).collect(Collectors.joining(",")))
              .put("gamma", gamma);
      case ExponentialLR(double gamma) -> node.put("gamma", gamma);
      case OneCycleLR cycle ->
          node.put("pctStart", cycle.pctStart())
              .put("anneal", cycle.anneal().name())
              .put("divFactor", cycle.divFactor())
              .put("finalDivFactor", cycle.finalDivFactor())
              .put("threePhase", cycle.threePhase());
    }
  }

  /** The schedule of a kind, null for one that is no function of the epoch. */
  static @Nullable ClosedFormSchedule read(SchedulerConfig.Kind kind, JsonNode node) {
    int length = node.required("period").asInt();
    return switch (kind) {
      case COSINE, PLATEAU, NONE -> null;
      case ANNEALING -> new CosineAnnealingLR(length, node.required("minLr").asDouble());
      case POLYNOMIAL -> new PolynomialLR(length, node.required("power").asDouble());
      case STEP -> new StepLR(node.required("stepEpochs").asInt(), gamma(node));
      case MULTISTEP ->
          new MultiStepLR(milestones(node.required("milestones").asString()), gamma(node));
      case EXPONENTIAL -> new ExponentialLR(gamma(node));
      case ONECYCLE ->
          oneCycle(
              length,
              node.required("pctStart").asDouble(),
              OneCycleLR.Anneal.valueOf(node.required("anneal").asString()),
              node.required("divFactor").asDouble(),
              node.required("finalDivFactor").asDouble(),
              node.required("threePhase").asBoolean());
    };
  }

  /** A cycle of the rate alone: the trainer leaves the momentum as it is. */
  private static OneCycleLR oneCycle(
      int epochs,
      double pctStart,
      OneCycleLR.Anneal anneal,
      double divFactor,
      double finalDivFactor,
      boolean threePhase) {
    OneCycleLR defaults = new OneCycleLR(4);
    return new OneCycleLR(
        epochs,
        pctStart,
        anneal,
        divFactor,
        finalDivFactor,
        threePhase,
        defaults.baseMomentum(),
        defaults.maxMomentum());
  }

  private static double gamma(JsonNode node) {
    return node.required("gamma").asDouble();
  }

  private static List<Integer> milestones(String text) {
    return Arrays.stream(text.split(",")).map(Integer::valueOf).toList();
  }
}
