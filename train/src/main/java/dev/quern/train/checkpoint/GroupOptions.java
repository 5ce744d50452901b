package dev.quern.train.checkpoint;

import dev.quern.optim.AdamOptions;
import dev.quern.optim.OptimizerOptions;
import dev.quern.optim.SgdOptions;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The hyper-parameters of a group under the names that PyTorch gives them in {@code param_groups}.
 * What PyTorch does not have is written only where it is used.
 */
final class GroupOptions {

  private GroupOptions() {}

  static ObjectNode encode(OptimizerOptions<?> options) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    switch (options) {
      case AdamOptions adam -> {
        node.put("lr", adam.lr());
        node.putArray("betas").add(adam.beta1()).add(adam.beta2());
        node.put("eps", adam.eps());
        node.put("weight_decay", adam.weightDecay());
        node.put("amsgrad", adam.amsgrad());
        node.put("maximize", adam.maximize());
        node.putNull("foreach");
        node.put("capturable", false);
        node.put("differentiable", false);
        node.putNull("fused");
        node.put("decoupled_weight_decay", adam.decoupled());
        if (adam.l1() > 0) {
          node.put("l1", adam.l1());
          node.put("proximal", adam.proximal());
        }
      }
      case SgdOptions sgd -> {
        node.put("lr", sgd.lr());
        node.put("momentum", sgd.momentum());
        node.put("dampening", sgd.dampening());
        node.put("weight_decay", sgd.weightDecay());
        node.put("nesterov", sgd.nesterov());
        node.put("maximize", sgd.maximize());
        node.putNull("foreach");
        node.put("differentiable", false);
        node.putNull("fused");
      }
    }
    return node;
  }

  static AdamOptions adam(JsonNode node) {
    JsonNode betas = node.required("betas");
    return new AdamOptions(
        node.required("lr").asDouble(),
        betas.required(0).asDouble(),
        betas.required(1).asDouble(),
        node.required("eps").asDouble(),
        node.required("weight_decay").asDouble(),
        node.path("decoupled_weight_decay").asBoolean(false),
        node.path("l1").asDouble(0),
        node.path("proximal").asBoolean(false),
        node.path("amsgrad").asBoolean(false),
        node.path("maximize").asBoolean(false));
  }

  static SgdOptions sgd(JsonNode node) {
    return new SgdOptions(
        node.required("lr").asDouble(),
        node.required("momentum").asDouble(),
        node.required("dampening").asDouble(),
        node.path("nesterov").asBoolean(false),
        node.required("weight_decay").asDouble(),
        node.path("maximize").asBoolean(false));
  }
}
