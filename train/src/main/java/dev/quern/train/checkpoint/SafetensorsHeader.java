package dev.quern.train.checkpoint;

import dev.quern.DType;
import dev.quern.Shape;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON header of a safetensors file: {@code {"__metadata__": {...}, NAME: {"dtype", "shape",
 * "data_offsets": [begin, end]}, ...}}, offsets counted from the end of the header. The tensors
 * fill the rest of the file without holes.
 */
final class SafetensorsHeader {

  private static final String METADATA = "__metadata__";
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private SafetensorsHeader() {}

  static byte[] encode(
      List<Map.Entry<String, StoredTensor>> tensors, Map<String, String> metadata) {
    ObjectNode root = JSON.createObjectNode();
    ObjectNode texts = root.putObject(METADATA);
    metadata.forEach(texts::put);
    long begin = 0;
    for (Map.Entry<String, StoredTensor> entry : tensors) {
      StoredTensor tensor = entry.getValue();
      long end = begin + tensor.data().byteSize();
      ObjectNode node = root.putObject(entry.getKey());
      node.put("dtype", tensor.dtype().name());
      ArrayNode shape = node.putArray("shape");
      for (int axis = 0; axis < tensor.shape().rank(); axis++) {
        shape.add(tensor.shape().dim(axis));
      }
      node.putArray("data_offsets").add(begin).add(end);
      begin = end;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(JSON.writeValueAsBytes(root));
    while (out.size() % 8 != 0) {
      out.write(' ');
    }
    return out.toByteArray();
  }

  static Safetensors decode(byte[] bytes, int from, int length, MemorySegment data) {
    JsonNode root;
    try {
      root = JSON.readTree(bytes, from, length);
    } catch (JacksonException e) {
      throw new IllegalStateException("its header is not JSON", e);
    }
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    Map<String, String> metadata = new LinkedHashMap<>();
    long covered = 0;
    for (Map.Entry<String, JsonNode> property : root.properties()) {
      if (property.getKey().equals(METADATA)) {
        property
            .getValue()
            .properties()
            .forEach(e -> metadata.put(e.getKey(), e.getValue().asString()));
      } else {
        StoredTensor tensor = tensor(property.getKey(), property.getValue(), data);
        tensors.put(property.getKey(), tensor);
        covered += tensor.data().byteSize();
      }
    }
    if (covered != data.byteSize()) {
      throw new IllegalStateException(
          "its tensors take %d bytes, the file has %d for them"
              .formatted(covered, data.byteSize()));
    }
    return new Safetensors(tensors, metadata);
  }

  private static StoredTensor tensor(String name, JsonNode node, MemorySegment data) {
    try {
      DType dtype = DType.valueOf(node.path("dtype").asString());
      long[] dims = new long[node.required("shape").size()];
      for (int i = 0; i < dims.length; i++) {
        dims[i] = node.required("shape").required(i).asLong();
      }
      JsonNode offsets = node.required("data_offsets");
      long begin = offsets.required(0).asLong();
      long end = offsets.required(1).asLong();
      return new StoredTensor(dtype, Shape.of(dims), data.asSlice(begin, end - begin));
    } catch (JacksonException
        | IllegalArgumentException
        | ArithmeticException
        | IndexOutOfBoundsException e) {
      throw new IllegalStateException(
          "the entry of the tensor %s does not fit the file".formatted(name), e);
    }
  }
}
