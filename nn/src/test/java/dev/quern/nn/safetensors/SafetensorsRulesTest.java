package dev.quern.nn.safetensors;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that break a rule of the format, each with the sentence it gets. */
class SafetensorsRulesTest {

  @TempDir Path folder;

  @Test
  void takesWhatTheRulesAllow() throws IOException {
    assertEquals(0, read("{}", 0).tensors().size());
    assertEquals(0, read("{\"__metadata__\":null}   ", 0).metadata().size());
    assertEquals(Shape.of(), read(tensor("F32", "[]", 0, 4), 4).tensor("a").shape());
    assertEquals(Shape.of(0, 5), read(tensor("U8", "[0,5]", 0, 0), 0).tensor("a").shape());
    Safetensors unordered =
        read(
            "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[3,4]},\"e\":{\"dtype\":\"U8\","
                + "\"shape\":[0],\"data_offsets\":[3,3]},\"a\":{\"dtype\":\"U8\",\"shape\":[3],"
                + "\"data_offsets\":[0,3],\"more\":{}}}",
            4);
    assertEquals(3, unordered.tensors().size());
  }

  @Test
  void readsFromAPipe() throws IOException, InterruptedException {
    Path pipe = folder.resolve("pipe");
    if (new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor() != 0) {
      return;
    }
    byte[] bytes = bytes(tensor("U8", "[2]", 0, 2), 2);
    Thread writer = Thread.ofVirtual().start(() -> assertWritten(pipe, bytes));
    assertEquals(Shape.of(2), Safetensors.read(pipe).tensor("a").shape());
    writer.join();
  }

  private static void assertWritten(Path pipe, byte[] bytes) {
    try {
      Files.write(pipe, bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void overlappingTensors() {
    refused(two(0, 4, 2, 6), 6, "the tensor b begins at byte 2 of the data, inside the tensor a");
    refused(two(0, 4, 0, 4), 4, "the tensor a begins at byte 0 of the data, inside the tensor b");
  }

  @Test
  void bytesOfNoTensor() {
    refused(two(0, 4, 6, 10), 10, "2 bytes between the tensor a and the tensor b");
    refused(two(3, 7, 7, 11), 11, "3 bytes between the header and the tensor a");
    refused(two(0, 4, 4, 8), 9, "take 8 bytes, the file has 9");
    refused("{}", 1, "take 0 bytes, the file has 1");
  }

  @Test
  void tensorsBeyondTheFile() {
    refused(two(0, 4, 4, 8), 6, "the tensor b ends at byte 8 of the data, the file has 6");
    refused(
        tensor("U8", "[9223372036854775807]", 0, Long.MAX_VALUE),
        6,
        "the tensor a ends at byte 9223372036854775807");
  }

  @Test
  void lengthsThatContradictTheShape() {
    refused(tensor("F32", "[2]", 0, 4), 4, "of F32 (2) needs 8 bytes, its data_offsets give it 4");
    refused(tensor("F32", "[1]", 4, 0), 4, "[4, 0], no begin and end");
    refused(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1]}}",
        1,
        "[1], no begin and end");
  }

  @Test
  void shapesThatOverflow() {
    refused(tensor("F32", "[4294967296,4294967296]", 0, 4), 4, "shape of the tensor a", "2^63");
    refused(tensor("F64", "[2305843009213693952]", 0, 4), 4, "more bytes than can be counted");
  }

  @Test
  void numbersThatAreNoCounts() {
    for (String number : new String[] {"-1", "1.0", "1e0", "true", "\"1\"", "null", "[1]"}) {
      refused(tensor("U8", "[" + number + "]", 0, 1), 1, "the shape of the tensor a holds");
    }
    refused(tensor("U8", "[9223372036854775808]", 0, 1), 1, "holds 9223372036854775808");
    refused(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,0]}}",
        1,
        "data_offsets",
        "-1");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1, "shape", "no list");
    refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, "data_offsets", "is missing");
  }

  @Test
  void unknownTypes() {
    refused(tensor("F8_E4M3", "[1]", 0, 1), 1, "the dtype F8_E4M3", "F32, F64, F16, BF16, U8, I32");
    refused(tensor("f32", "[1]", 0, 4), 4, "the dtype f32");
    refused("{\"a\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "the tensor a has no dtype");
    refused("{\"a\":7}", 0, "the entry of the tensor a is no object");
  }

  @Test
  void theSameKeyTwice() {
    refused("{\"a\":{},\"a\":{}}", 0, "its header has the key a twice");
    refused("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "the key dtype twice");
    refused("{\"__metadata__\":{\"x\":\"1\",\"x\":\"2\"}}", 0, "the key x twice");
  }

  @Test
  void metadataThatIsNoText() {
    refused("{\"__metadata__\":{\"epoch\":3}}", 0, "the entry epoch, which is no text");
    refused("{\"__metadata__\":{\"epoch\":null}}", 0, "the entry epoch, which is no text");
    refused("{\"__metadata__\":[]}", 0, "its __metadata__ is no object");
  }

  @Test
  void whatIsAroundTheHeader() {
    refused("\uFEFF{}", 0, "begins with the byte 0xEF in place of {");
    refused(" {}", 0, "begins with the byte 0x20");
    refused("[]", 0, "begins with the byte 0x5B");
    refused("{} {}", 0, "its header is not JSON");
    refused("{}x", 0, "does not end with }");
    refused("{}\0", 0, "does not end with }");
    refused("{}\n", 0, "does not end with }");
    refused("{\"a\":", 0, "does not end with }");
    refused("{\"a\":}", 0, "its header is not JSON");
  }

  @Test
  void textsWithEscapes() throws IOException {
    String escapes = "\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\uDE00\ud83d\ude00";
    assertEquals(
        "\"\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00\ud83d\ude00",
        read("{\"__metadata__\": {\"\\u0078\" :\t\"%s\"\n}\r}".formatted(escapes), 0).text("x"));
    for (String half : List.of("\\ud83d", "\\ude00", "\\ud83dx", "\\ud83d\\n", "\\ud83d\\u0078")) {
      refused("{\"" + half + "\":{}}", 0, "half of a surrogate pair stands alone");
    }
    for (String none : List.of("\\x", "\\u00g0", "\\u00", "\\U0000", "\\", "\t", "\n", "\0")) {
      refused("{\"" + none + "\":{}}", 0, "its header is not JSON: at character ");
    }
  }

  @Test
  void whatOthersTakeForJson() {
    for (String value :
        List.of(
            "+1",
            "01",
            "-",
            ".5",
            "1.",
            "1e",
            "0x1",
            "NaN",
            "nul",
            "nulls",
            "True",
            "'a'",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"b\":1,}",
            "{\"b\" 1}",
            "{b:1}",
            "{1:1}",
            "/**/1",
            "1//",
            "",
            "\u00a01",
            "\f1",
            "\ufeff1")) {
      refused("{\"a\":" + value + "}", 0, "its header is not JSON: at character ");
    }
    for (String value : List.of("-0", "0.5e+7", "-1E-2", "true", "false", "null", "[ ]", "\"\"")) {
      refused("{\"a\" : " + value + " }", 0, "the entry of the tensor a is no object");
    }
  }

  @Test
  void manyNumbersMakeNoLongSentence() {
    String ones = "1,".repeat(3_000) + "1";
    refused(tensor("F32", "[" + ones + "]", 0, 3), 3, "needs 4 bytes");
    refused(tensor("F32", "[" + ones.replace('1', '9') + "]", 0, 3), 3, "2^63");
    refused(
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[" + ones + "]}}",
        1,
        "no begin and end");
  }

  @Test
  void otherEncodings() {
    refused("{}".getBytes(StandardCharsets.UTF_16LE), 0, "does not end with }");
    refused("{\"\u00E9\":{}}".getBytes(StandardCharsets.ISO_8859_1), 0, "its header is not UTF-8");
  }

  @Test
  void nestingWithoutEnd() {
    refused("{\"a\":" + "[".repeat(1_000_000) + "}", 0, "nesting depth");
    refused("{\"a\":".repeat(1_000_000) + "}", 0, "nesting depth");
  }

  @Test
  void namesThatDoNotFitIntoASentence() {
    refused("{\"" + "n".repeat(10_000) + "\\n\":1}", 0, "n...");
    refused("{\"one\\ntwo\":1}", 0, "the entry of the tensor one two is no object");
  }

  @Test
  void headersLongerThanTheFileOrTheLimitAreNotAllocated() throws IOException {
    Path file = folder.resolve("claims.safetensors");
    for (long length : new long[] {3, 99_999_999, 100_000_001, Long.MAX_VALUE, -1, 0, 1}) {
      ByteBuffer bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
      Files.write(file, bytes.putLong(length).put((byte) '{').put((byte) '}').array());
      String message = refusal(file);
      assertTrue(message.contains(Long.toUnsignedString(length)), message);
    }
  }

  @Test
  void filesBeyondAnArrayAreNotRead() throws IOException {
    Path file = folder.resolve("sparse.safetensors");
    Files.write(file, bytes("{}", 0));
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.setLength(3L << 30);
    }
    String message = refusal(file);
    assertTrue(message.contains("3221225472 bytes, and files of up to 2 GB are read"), message);
  }

  private static String tensor(String dtype, String shape, long begin, long end) {
    return "{\"a\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}}"
        .formatted(dtype, shape, begin, end);
  }

  private static String two(long begin, long end, long begin2, long end2) {
    return "{\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}"
        .formatted(begin2, end2, begin, end);
  }

  private void refused(String header, int data, String... parts) {
    refused(header.getBytes(StandardCharsets.UTF_8), data, parts);
  }

  private void refused(byte[] header, int data, String... parts) {
    String message = refusal(write(bytes(header, data)));
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
    assertFalse(message.contains("\n"), message);
    assertTrue(message.length() < 600, message);
  }

  private static String refusal(Path file) {
    IOException e = assertThrows(IOException.class, () -> Safetensors.read(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(file.toString()), message);
    return message;
  }

  private Safetensors read(String header, int data) throws IOException {
    return Safetensors.read(write(bytes(header, data)));
  }

  private Path write(byte[] bytes) {
    try {
      return Files.write(folder.resolve("some.safetensors"), bytes);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static byte[] bytes(String header, int data) {
    return bytes(header.getBytes(StandardCharsets.UTF_8), data);
  }

  private static byte[] bytes(byte[] header, int data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    out.writeBytes(length.putLong(0, header.length).array());
    out.writeBytes(header);
    out.writeBytes(new byte[data]);
    return out.toByteArray();
  }
}
