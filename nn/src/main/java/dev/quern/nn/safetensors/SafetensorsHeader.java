package dev.quern.nn.safetensors;

import static dev.quern.nn.safetensors.SafetensorsEntry.shown;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/**
 * The JSON header of a safetensors file: {@code {"__metadata__": {...}, NAME: {"dtype", "shape",
 * "data_offsets": [begin, end]}, ...}}, offsets counted from the end of the header. It begins with
 * a brace and may be padded with spaces; the tensors fill the rest of the file without holes and
 * without overlap.
 */
final class SafetensorsHeader {

  static final String METADATA = "__metadata__";

  /** As in the format's reference implementation. */
  static final int LONGEST = 100_000_000;

  private static final int ALIGNMENT = 8;
  private static final HexFormat HEXADECIMAL = HexFormat.of().withUpperCase();

  private SafetensorsHeader() {}

  /**
   * Writes a header.
   *
   * @throws IllegalArgumentException when a name or text has no UTF-8, or they take too many bytes
   */
  static byte[] encode(
      List<Map.Entry<String, StoredTensor>> tensors, Map<String, String> metadata) {
    StringJoiner root = new StringJoiner(",", "{", "}");
    StringJoiner texts = new StringJoiner(",", "{", "}");
    metadata.forEach((name, text) -> texts.add(quoted(name) + ":" + quoted(text)));
    root.add(quoted(METADATA) + ":" + texts);
    long begin = 0;
    for (Map.Entry<String, StoredTensor> entry : tensors) {
      StoredTensor tensor = entry.getValue();
      long end = begin + tensor.data().byteSize();
      StringJoiner shape = new StringJoiner(",");
      for (int axis = 0; axis < tensor.shape().rank(); axis++) {
        shape.add(Long.toString(tensor.shape().dim(axis)));
      }
      root.add(
          quoted(entry.getKey())
              + ":{\"dtype\":\""
              + tensor.dtype()
              + "\",\"shape\":["
              + shape
              + "],\"data_offsets\":["
              + begin
              + ","
              + end
              + "]}");
      begin = end;
    }
    byte[] header = utf8(root.toString());
    int length = Math.ceilDiv(header.length, ALIGNMENT) * ALIGNMENT;
    if (length > LONGEST) {
      throw new IllegalArgumentException(
          "The names and texts of a safetensors file take %d bytes in its header, and %d are allowed."
              .formatted(length, LONGEST));
    }
    byte[] padded = Arrays.copyOf(header, length);
    Arrays.fill(padded, header.length, length, (byte) ' ');
    return padded;
  }

  private static byte[] utf8(String text) {
    try {
      ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
      byte[] encoded = new byte[bytes.remaining()];
      bytes.get(encoded);
      return encoded;
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "A name or text of a safetensors file holds half of a surrogate pair, which UTF-8 has no bytes for.",
          e);
    }
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> quoted.append('\\').append(c);
        case '\b' -> quoted.append("\\b");
        case '\t' -> quoted.append("\\t");
        case '\n' -> quoted.append("\\n");
        case '\f' -> quoted.append("\\f");
        case '\r' -> quoted.append("\\r");
        default -> {
          if (c < ' ') {
            quoted.append("\\u").append(HEXADECIMAL.toHexDigits(c));
          } else {
            quoted.append(c);
          }
        }
      }
    }
    return quoted.append('"').toString();
  }

  /**
   * Reads a header and lays its tensors over the data.
   *
   * @throws SafetensorsFormatException saying what is wrong, when the format's rules are broken
   */
  static Safetensors decode(byte[] bytes, MemorySegment data) throws SafetensorsFormatException {
    Map<String, String> metadata = new LinkedHashMap<>();
    List<SafetensorsEntry> entries = new ArrayList<>();
    for (Map.Entry<String, Json> member : members(text(bytes)).entrySet()) {
      if (member.getKey().equals(METADATA)) {
        metadata(member.getValue(), metadata);
      } else {
        entries.add(SafetensorsEntry.of(member.getKey(), member.getValue()));
      }
    }
    requireCovered(entries, data.byteSize());
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (SafetensorsEntry entry : entries) {
      tensors.put(entry.name(), entry.tensor(data));
    }
    return new Safetensors(tensors, metadata);
  }

  private static String text(byte[] bytes) throws SafetensorsFormatException {
    if (bytes[0] != '{') {
      throw new SafetensorsFormatException(
          "its header begins with the byte 0x%02X in place of {".formatted(bytes[0]));
    }
    int end = bytes.length;
    while (bytes[end - 1] == ' ') {
      end--;
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, end)).toString();
    } catch (CharacterCodingException e) {
      throw new SafetensorsFormatException("its header is not UTF-8", e);
    }
  }

  private static Map<String, Json> members(String text) throws SafetensorsFormatException {
    if (text.endsWith("}") && JsonReader.read(text) instanceof Json.Members(var members)) {
      return members;
    }
    throw new SafetensorsFormatException("its header does not end with } and spaces");
  }

  private static void metadata(Json json, Map<String, String> metadata)
      throws SafetensorsFormatException {
    if (json.equals(Json.Word.NULL)) {
      return;
    }
    if (!(json instanceof Json.Members(Map<String, Json> members))) {
      throw new SafetensorsFormatException("its " + METADATA + " is no object");
    }
    for (Map.Entry<String, Json> entry : members.entrySet()) {
      if (!(entry.getValue() instanceof Json.Text(String text))) {
        throw new SafetensorsFormatException(
            "its %s has the entry %s, which is no text".formatted(METADATA, shown(entry.getKey())));
      }
      metadata.put(entry.getKey(), text);
    }
  }

  /** Each tensor begins where the one before it ends, and the last one ends with the file. */
  private static void requireCovered(List<SafetensorsEntry> entries, long bytes)
      throws SafetensorsFormatException {
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
        throw new SafetensorsFormatException(
            entry.begin() < covered
                ? "the tensor %s begins at byte %d of the data, inside %s"
                    .formatted(shown(entry.name()), entry.begin(), before)
                : "%d bytes between %s and the tensor %s belong to no tensor"
                    .formatted(entry.begin() - covered, before, shown(entry.name())));
      }
      if (entry.end() > bytes) {
        throw new SafetensorsFormatException(
            "the tensor %s ends at byte %d of the data, the file has %d"
                .formatted(shown(entry.name()), entry.end(), bytes));
      }
      covered = entry.end();
      before = "the tensor " + shown(entry.name());
    }
    if (covered != bytes) {
      throw new SafetensorsFormatException(
          "its tensors take %d bytes, the file has %d for them".formatted(covered, bytes));
    }
  }
}
