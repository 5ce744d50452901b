package dev.quern.train.checkpoint;

import dev.quern.optim.DynamicLossScale;
import dev.quern.optim.Optimizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A dynamic loss scale under the names of PyTorch's {@code GradScaler.state_dict()}. */
final class GradScaler {

  private GradScaler() {}

  static ObjectNode encode(Optimizer<?> optimizer) {
    DynamicLossScale settings = optimizer.dynamicLossScale();
    DynamicLossScale.State state = optimizer.lossScaleState();
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.put("scale", state.scale());
    node.put("growth_factor", settings.growth());
    node.put("backoff_factor", settings.backoff());
    node.put("growth_interval", settings.interval());
    node.put("_growth_tracker", state.finiteSteps());
    return node;
  }

  /** Scale and count, which lie in the limits of an optimizer's loss scale. */
  static DynamicLossScale.State decode(JsonNode node, DynamicLossScale settings) {
    double scale = node.required("scale").asDouble();
    if (!(scale >= settings.min() && scale <= settings.max())) {
      throw new IllegalStateException(
          "its loss scale is %s, the optimizer's lies between %s and %s"
              .formatted(scale, settings.min(), settings.max()));
    }
    return new DynamicLossScale.State(scale, node.required("_growth_tracker").asInt());
  }
}
