package dev.quern.train.run;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a U-Net is like and what it is trained on.
 *
 * @param width channels of its highest level
 * @param depth levels, with the lowest
 * @param crop rows and columns of what is cut from an image in a step, a multiple of 2^(depth - 1)
 * @param weights the file that its first weights came from, as given; null if they were drawn
 */
public record UNetConfig(int width, int depth, int crop, @Nullable String weights) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public UNetConfig {
    if (width < 1 || depth < 1 || depth > 8 || crop < 1 || crop % (1 << (depth - 1)) != 0) {
      throw new IllegalArgumentException(
          "its network has width %d, depth %d and crop %d".formatted(width, depth, crop));
    }
  }

  void toJson(ObjectNode node) {
    node.put("width", width);
    node.put("depth", depth);
    node.put("crop", crop);
    node.put("weights", weights);
  }

  static UNetConfig parse(JsonNode node) {
    return new UNetConfig(
        node.required("width").asInt(),
        node.required("depth").asInt(),
        node.required("crop").asInt(),
        DataConfig.text(node, "weights"));
  }
}
