package dev.quern.train.run;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a U-Net is like and what it is trained on.
 *
 * @param width channels of its highest level
 * @param depth levels, with the lowest
 * @param crop rows and columns of what is cut from an image in a step, a multiple of 2^(depth - 1)
 */
public record UNetConfig(int width, int depth, int crop) {

  void toJson(ObjectNode node) {
    node.put("width", width);
    node.put("depth", depth);
    node.put("crop", crop);
  }

  static UNetConfig parse(JsonNode node) {
    return new UNetConfig(
        node.required("width").asInt(),
        node.required("depth").asInt(),
        node.required("crop").asInt());
  }
}
