package dev.quern.train.checkpoint;

import static dev.quern.train.checkpoint.SafetensorsEntry.shown;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON header of a safetensors file: {@code {"__metadata__": {...}, NAME: {"dtype", "shape",
 * "data_offsets": [begin, end]}, ...}}, offsets counted from the end of the header. It begins with
 * a brace and may be padded with spaces; the tensors fill the rest of the file without holes and
 * without overlap.
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

  /**
   * Reads a header and lays its tensors over the data.
   *
   * @throws IllegalStateException saying what is wrong, when the format's rules are broken
   */
  static Safetensors decode(byte[] bytes, MemorySegment data) {
    Map<String, String> metadata = new LinkedHashMap<>();
    List<SafetensorsEntry> entries = new ArrayList<>();
    for (Map.Entry<String, JsonNode> property : object(text(bytes)).properties()) {
      if (property.getKey().equals(METADATA)) {
        metadata(property.getValue(), metadata);
      } else {
        entries.add(SafetensorsEntry.of(property.getKey(), property.getValue()));
      }
    }
    requireCovered(entries, data.byteSize());
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (SafetensorsEntry entry : entries) {
      tensors.put(entry.name(), entry.tensor(data));
    }
    return new Safetensors(tensors, metadata);
  }

  /** Strict where the JSON parser would guess: it takes other encodings and a byte order mark. */
  private static String text(byte[] bytes) {
    if (bytes[0] != '{') {
      throw new IllegalStateException(
          "its header begins with the byte 0x%02X in place of {".formatted(bytes[0]));
    }
    int end = bytes.length;
    while (bytes[end - 1] == ' ') {
      end--;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, end)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalStateException("its header is not UTF-8", e);
    }
  }

  private static ObjectNode object(String text) {
    try {
      if (text.endsWith("}") && JSON.readTree(text) instanceof ObjectNode root) {
        return root;
      }
    } catch (JacksonException e) {
      throw new IllegalStateException(fault(e), e);
    }
    throw new IllegalStateException("its header does not end with } and spaces");
  }

  private static String fault(JacksonException e) {
    String reason = String.valueOf(e.getOriginalMessage()).lines().findFirst().orElse("");
    return reason.startsWith("Duplicate") && e.processor() instanceof JsonParser parser
        ? "its header has the key %s twice".formatted(shown(parser.currentName()))
        : "its header is not JSON: " + reason;
  }

  private static void metadata(JsonNode node, Map<String, String> metadata) {
    if (node.isNull()) {
      return;
    }
    if (!node.isObject()) {
      throw new IllegalStateException("its " + METADATA + " is no object");
    }
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isString()) {
        throw new IllegalStateException(
            "its %s has the entry %s, which is no text".formatted(METADATA, shown(entry.getKey())));
      }
      metadata.put(entry.getKey(), entry.getValue().stringValue());
    }
  }

  /** Each tensor begins where the one before it ends, and the last one ends with the file. */
  private static void requireCovered(List<SafetensorsEntry> entries, long bytes) {
    List<SafetensorsEntry> ordered =
        entries.stream()
            .sorted(
                Comparator.comparingLong(SafetensorsEntry::begin)
                    .thenComparingLong(SafetensorsEntry::end))
            .toList();
    long covered = 0;
    String before = "the header";
    for (SafetensorsEntry entry : ordered) {
      if (entry.begin() != covered) {
        throw new IllegalStateException(
            entry.begin() < covered
                ? "the tensor %s begins at byte %d of the data, inside %s"
                    .formatted(shown(entry.name()), entry.begin(), before)
                : "%d bytes between %s and the tensor %s belong to no tensor"
                    .formatted(entry.begin() - covered, before, shown(entry.name())));
      }
      if (entry.end() > bytes) {
        throw new IllegalStateException(
            "the tensor %s ends at byte %d of the data, the file has %d"
                .formatted(shown(entry.name()), entry.end(), bytes));
      }
      covered = entry.end();
      before = "the tensor " + shown(entry.name());
    }
    if (covered != bytes) {
      throw new IllegalStateException(
          "its tensors take %d bytes, the file has %d for them".formatted(covered, bytes));
    }
  }
}
