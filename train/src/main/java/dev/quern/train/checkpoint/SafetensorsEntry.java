package dev.quern.train.checkpoint;

import dev.quern.DType;
import dev.quern.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/**
 * What a header says of one tensor.
 *
 * @param name of the tensor
 * @param dtype of its elements
 * @param shape of the tensor
 * @param begin of its bytes, counted from the end of the header
 * @param end of its bytes, exclusive
 */
record SafetensorsEntry(String name, DType dtype, Shape shape, long begin, long end) {

  private static final int LONGEST_NAME = 80;

  /**
   * Reads an entry.
   *
   * @throws IllegalStateException when something is missing, of another kind or contradictory
   */
  static SafetensorsEntry of(String name, JsonNode node) {
    String shown = shown(name);
    if (!node.isObject()) {
      throw new IllegalStateException("the entry of the tensor %s is no object".formatted(shown));
    }
    DType dtype = dtype(shown, node.path("dtype"));
    Shape shape = shape(shown, node.path("shape"));
    long[] offsets = integers(shown, "data_offsets", node.path("data_offsets"));
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw new IllegalStateException(
          "the data_offsets of the tensor %s are %s, no begin and end"
              .formatted(shown, Arrays.toString(offsets)));
    }
    var entry = new SafetensorsEntry(name, dtype, shape, offsets[0], offsets[1]);
    entry.requireLength();
    return entry;
  }

  private void requireLength() {
    long bytes;
    try {
      bytes = Math.multiplyExact(shape.elements(), dtype.bytes());
    } catch (ArithmeticException e) {
      throw new IllegalStateException(
          "the tensor %s of %s %s has more bytes than can be counted"
              .formatted(shown(name), dtype, shape),
          e);
    }
    if (end - begin != bytes) {
      throw new IllegalStateException(
          "the tensor %s of %s %s needs %d bytes, its data_offsets give it %d"
              .formatted(shown(name), dtype, shape, bytes, end - begin));
    }
  }

  /** The tensor in the file's data, which must reach to the end of this entry. */
  StoredTensor tensor(MemorySegment data) {
    return new StoredTensor(dtype, shape, data.asSlice(begin, end - begin));
  }

  private static DType dtype(String shown, JsonNode node) {
    if (!node.isString()) {
      throw new IllegalStateException("the tensor %s has no dtype".formatted(shown));
    }
    return Arrays.stream(DType.values())
        .filter(dtype -> dtype.name().equals(node.stringValue()))
        .findFirst()
        .orElseThrow(() ->
            new IllegalStateException(
                "the tensor %s has the dtype %s, and those read are %s"
                    .formatted(
                        shown,
                        shown(node.stringValue()),
                        Arrays.stream(DType.values())
                            .map(DType::name)
                            .collect(Collectors.joining(", ")))));
  }

  private static Shape shape(String shown, JsonNode node) {
    long[] dims = integers(shown, "shape", node);
    try {
      return Shape.of(dims);
    } catch (ArithmeticException | IllegalArgumentException e) {
      throw new IllegalStateException(
          "the shape of the tensor %s is impossible: %s".formatted(shown, e.getMessage()), e);
    }
  }

  private static long[] integers(String shown, String key, JsonNode node) {
    if (!node.isArray()) {
      throw new IllegalStateException(
          "the %s of the tensor %s is missing or no list".formatted(key, shown));
    }
    long[] values = new long[node.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = node.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
        throw new IllegalStateException(
            "the %s of the tensor %s holds %s, which is no integer from 0 to 2^63 - 1"
                .formatted(key, shown, shown(value.toString())));
      }
      values[i] = value.longValue();
    }
    return values;
  }

  /** A name as it fits into a sentence, whatever is in the file. */
  static String shown(String name) {
    String line =
        name.codePoints()
            .map(c -> Character.isISOControl(c) ? ' ' : c)
            .limit(LONGEST_NAME)
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    return line.length() < name.length() ? line + "..." : line;
  }
}
