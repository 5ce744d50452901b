package dev.quern.nn.safetensors;

import dev.quern.DType;
import dev.quern.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

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
   * @throws SafetensorsFormatException when something is missing, of another kind or contradictory
   */
  static SafetensorsEntry of(String name, Json json) throws SafetensorsFormatException {
    String shown = shown(name);
    if (!(json instanceof Json.Members(Map<String, Json> members))) {
      throw new SafetensorsFormatException(
          "the entry of the tensor %s is no object".formatted(shown));
    }
    DType dtype = dtype(shown, members.getOrDefault("dtype", Json.Word.NULL));
    Shape shape = shape(shown, members.getOrDefault("shape", Json.Word.NULL));
    long[] offsets =
        integers(shown, "data_offsets", members.getOrDefault("data_offsets", Json.Word.NULL));
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw new SafetensorsFormatException(
          "the data_offsets of the tensor %s are %s, no begin and end"
              .formatted(shown, shown(Arrays.toString(offsets))));
    }
    var entry = new SafetensorsEntry(name, dtype, shape, offsets[0], offsets[1]);
    entry.requireLength();
    return entry;
  }

  private void requireLength() throws SafetensorsFormatException {
    long bytes;
    try {
      bytes = Math.multiplyExact(shape.elements(), dtype.bytes());
    } catch (ArithmeticException e) {
      throw new SafetensorsFormatException(
          "the tensor %s of %s %s has more bytes than can be counted"
              .formatted(shown(name), dtype, shown(shape.toString())),
          e);
    }
    if (end - begin != bytes) {
      throw new SafetensorsFormatException(
          "the tensor %s of %s %s needs %d bytes, its data_offsets give it %d"
              .formatted(shown(name), dtype, shown(shape.toString()), bytes, end - begin));
    }
  }

  /** The tensor in the file's data, which must reach to the end of this entry. */
  StoredTensor tensor(MemorySegment data) {
    return new StoredTensor(dtype, shape, data.asSlice(begin, end - begin));
  }

  private static DType dtype(String shown, Json json) throws SafetensorsFormatException {
    if (!(json instanceof Json.Text(String name))) {
      throw new SafetensorsFormatException("the tensor %s has no dtype".formatted(shown));
    }
    return Arrays.stream(DType.values())
        .filter(dtype -> dtype.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new SafetensorsFormatException(
                "the tensor %s has the dtype %s, and those read are %s"
                    .formatted(
                        shown,
                        shown(name),
                        Arrays.stream(DType.values())
                            .map(DType::name)
                            .collect(Collectors.joining(", ")))));
  }

  private static Shape shape(String shown, Json json) throws SafetensorsFormatException {
    long[] dims = integers(shown, "shape", json);
    try {
      return Shape.of(dims);
    } catch (ArithmeticException e) {
      throw new SafetensorsFormatException(
          "the shape of the tensor %s is impossible: %s has 2^63 elements or more"
              .formatted(shown, shown(Arrays.toString(dims))),
          e);
    }
  }

  private static long[] integers(String shown, String key, Json json)
      throws SafetensorsFormatException {
    if (!(json instanceof Json.Items(List<Json> items))) {
      throw new SafetensorsFormatException(
          "the %s of the tensor %s is missing or no list".formatted(key, shown));
    }
    long[] values = new long[items.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = integer(shown, key, items.get(i));
    }
    return values;
  }

  private static long integer(String shown, String key, Json json)
      throws SafetensorsFormatException {
    try {
      long value = json instanceof Json.Word(String word) ? Long.parseLong(word) : -1;
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, as of a negative number
    }
    throw new SafetensorsFormatException(
        "the %s of the tensor %s holds %s, which is no integer from 0 to 2^63 - 1"
            .formatted(key, shown, shown(json.toString())));
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
