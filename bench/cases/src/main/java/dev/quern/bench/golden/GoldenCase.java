package dev.quern.bench.golden;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One case of a golden suite. Names are not unique; {@link #id} is.
 *
 * @param suite name of the suite
 * @param index position in the suite, from 0
 * @param json the case as it stands in the file
 * @param files where the files are that it names
 */
public record GoldenCase(String suite, int index, JsonNode json, GoldenFiles files) {

  /** {@return the identity of the case: {@code suite#index name}} */
  public String id() {
    return suite + "#" + index + " " + json.path("name").asString("");
  }

  /** Whether the case holds that key with a value other than null. */
  boolean has(String key) {
    return json.hasNonNull(key);
  }

  JsonNode get(String key) {
    return json.required(key);
  }

  GoldenArray array(String key) {
    return GoldenArray.of(get(key));
  }

  List<GoldenArray> arrays(String key) {
    var arrays = new ArrayList<GoldenArray>();
    for (JsonNode node : get(key).values()) {
      arrays.add(GoldenArray.of(node));
    }
    return arrays;
  }

  /** A plain list of numbers; null stands for NaN. */
  double[] numbers(String key) {
    JsonNode values = get(key);
    double[] numbers = new double[values.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = values.get(i).isNull() ? Double.NaN : values.get(i).doubleValue();
    }
    return numbers;
  }

  /** Whether the parameter is present and not null. */
  boolean hasParam(String key) {
    return json.required("params").hasNonNull(key);
  }

  /** A text parameter, or the reference's default if it is absent. */
  String param(String key, String fallback) {
    return hasParam(key) ? json.required("params").get(key).stringValue() : fallback;
  }

  /** A number parameter, or the reference's default if it is absent. */
  double param(String key, double fallback) {
    return hasParam(key) ? json.required("params").get(key).doubleValue() : fallback;
  }

  /** A truth parameter, or the reference's default if it is absent. */
  boolean param(String key, boolean fallback) {
    return hasParam(key) ? json.required("params").get(key).booleanValue() : fallback;
  }

  /** An element of a parameter that is a list of numbers. */
  double param(String key, int index) {
    return json.required("params").required(key).required(index).doubleValue();
  }

  /** A parameter that is a list of numbers. */
  double[] doublesParam(String key) {
    return json.required("params").required(key).values().stream()
        .mapToDouble(JsonNode::doubleValue)
        .toArray();
  }

  /** A parameter that is a list of whole numbers. */
  int[] intsParam(String key) {
    return json.required("params").required(key).values().stream()
        .mapToInt(JsonNode::intValue)
        .toArray();
  }
}
