package dev.quern.nn.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Shape;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void readsBackWhatItWrote() throws IOException {
    Path file = folder.resolve("some.safetensors");
    sample().write(file);
    Safetensors back = Safetensors.read(file);
    assertArrayEquals(new float[] {1, -2, Float.NaN}, back.tensor("weight").floats());
    assertEquals(Shape.of(1, 3), back.tensor("weight").shape());
    assertArrayEquals(new long[] {Long.MIN_VALUE}, back.tensor("step").longs());
    assertEquals(0, back.tensor("empty").floats().length);
    assertEquals("pixel \"quoted\"\n", back.text("model"));
  }

  @Test
  void liesOnTheDiskAsTheFormatSays() throws IOException {
    Path file = folder.resolve("some.safetensors");
    sample().write(file);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    long header = bytes.getLong(0);
    assertEquals(0, header % 8);
    byte[] text = new byte[(int) header];
    bytes.get(8, text);
    assertTrue(new String(text, StandardCharsets.UTF_8).startsWith("{\"__metadata__\":{"));
    // The 8-byte elements come first.
    assertEquals(Long.MIN_VALUE, bytes.getLong((int) (8 + header)));
    assertEquals(1f, bytes.getFloat((int) (16 + header)));
    assertEquals(8 + header + 8 + 12, bytes.limit());
  }

  @Test
  void everyCutOffFileIsNamed() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    sample().write(whole);
    byte[] bytes = Files.readAllBytes(whole);
    Path cut = folder.resolve("cut.safetensors");
    for (int length = 0; length < bytes.length; length++) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      assertRefused(cut);
    }
    Files.write(cut, Arrays.copyOf(bytes, bytes.length + 1));
    assertRefused(cut);
  }

  @Test
  void damagedHeadersAreRefusedOrHarmless() throws IOException {
    Path whole = folder.resolve("whole.safetensors");
    sample().write(whole);
    byte[] bytes = Files.readAllBytes(whole);
    Path damaged = folder.resolve("damaged.safetensors");
    for (int at = 0; at < bytes.length; at++) {
      byte[] flipped = bytes.clone();
      flipped[at] ^= (byte) (1 << (at % 8));
      Files.write(damaged, flipped);
      try {
        Safetensors.read(damaged);
      } catch (SafetensorsFormatException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("damaged.safetensors"));
      }
    }
  }

  @Test
  void refusesWhatIsNotThere() throws IOException {
    assertRefused(folder.resolve("none.safetensors"));
    assertRefused(Files.writeString(folder.resolve("text.safetensors"), "this is no checkpoint"));
    Safetensors some = sample();
    assertThrows(IllegalArgumentException.class, () -> some.tensor("bias"));
    assertThrows(IllegalArgumentException.class, () -> some.text("seed"));
    assertThrows(IllegalStateException.class, () -> some.tensor("step").floats());
  }

  @Test
  void aFolderIsNamed() {
    var e = assertThrows(IOException.class, () -> Safetensors.read(folder));
    assertEquals(folder + " is a folder; give a safetensors file.", e.getMessage());
  }

  @Test
  void aFailedWriteKeepsTheOldCheckpoint() throws IOException {
    Path file = folder.resolve("some.safetensors");
    sample().write(file);
    byte[] before = Files.readAllBytes(file);
    Path blocked = folder.resolve("some.safetensors/inside.safetensors");
    assertThrows(IOException.class, () -> sample().write(blocked));
    assertArrayEquals(before, Files.readAllBytes(file));
    assertFalse(Files.exists(blocked));
  }

  /** What Jackson, which wrote the headers before, made of the same content. */
  @Test
  void headersKeepTheirBytes() throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("a\u0000\b\t\n\u000b\f\r\u001f\"\\/", "\u007f\u00e9\u2028\ud83d\ude00");
    metadata.put("", "[{\"lr\": 0.1}]");
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    tensors.put("f", StoredTensor.of(Shape.of(2, 0), new float[0]));
    tensors.put("s", StoredTensor.of(Shape.of(), new long[] {7}));
    var out = new ByteArrayOutputStream();
    new Safetensors(tensors, metadata).writeTo(out);
    String header =
        "{\"__metadata__\":{\"a\\u0000\\b\\t\\n\\u000B\\f\\r\\u001F\\\"\\\\/\":"
            + "\"\u007f\u00e9\u2028\ud83d\ude00\",\"\":\"[{\\\"lr\\\": 0.1}]\"},"
            + "\"s\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
            + "\"f\":{\"dtype\":\"F32\",\"shape\":[2,0],\"data_offsets\":[8,8]}}";
    byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
    int padded = (bytes.length + 7) / 8 * 8;
    ByteBuffer expected = ByteBuffer.allocate(16 + padded).order(ByteOrder.LITTLE_ENDIAN);
    expected
        .putLong(padded)
        .put(bytes)
        .put(" ".repeat(padded - bytes.length).getBytes(StandardCharsets.UTF_8));
    expected.putLong(7);
    assertArrayEquals(expected.array(), out.toByteArray());
    var back = Safetensors.read(new ByteArrayInputStream(out.toByteArray()));
    assertEquals(metadata, back.metadata());
    assertEquals(List.of("s", "f"), List.copyOf(back.tensors().keySet()));
  }

  @Test
  void digitsAreThoseOfTheFormatEverywhere() throws IOException {
    Locale before = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      var out = new ByteArrayOutputStream();
      sample().writeTo(out);
      var back = Safetensors.read(new ByteArrayInputStream(out.toByteArray()));
      assertEquals(Shape.of(1, 3), back.tensor("weight").shape());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void refusesToWriteWhatCannotBeRead() {
    var half = new Safetensors(Map.of(), Map.of("name", "half a pair: \ud83d"));
    assertThrows(
        IllegalArgumentException.class, () -> half.write(folder.resolve("half.safetensors")));
    var longer = new Safetensors(Map.of(), Map.of("long", "x".repeat(100_000_000)));
    assertThrows(
        IllegalArgumentException.class, () -> longer.write(folder.resolve("long.safetensors")));
    assertEquals(0, Objects.requireNonNull(folder.toFile().list()).length);
    Map<String, StoredTensor> tensors =
        Map.of("__metadata__", StoredTensor.of(Shape.of(), new float[1]));
    assertThrows(IllegalArgumentException.class, () -> new Safetensors(tensors, Map.of()));
  }

  @Test
  void aLinkIsFollowed() throws IOException {
    Path file = folder.resolve("some.safetensors");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file.getFileName());
    new Safetensors(Map.of(), Map.of()).write(file);
    sample().write(link);
    assertTrue(Files.isSymbolicLink(link));
    assertEquals(3, Safetensors.read(file).tensors().size());
  }

  @Test
  void readsStreams() throws IOException {
    var out = new ByteArrayOutputStream();
    sample().writeTo(out);
    byte[] bytes = out.toByteArray();
    assertEquals(3, Safetensors.read(new ByteArrayInputStream(bytes)).tensors().size());
    var cut = new ByteArrayInputStream(bytes, 0, bytes.length - 1);
    var e = assertThrows(SafetensorsFormatException.class, () -> Safetensors.read(cut));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.startsWith("The stream is not a whole safetensors file ("), message);
    assertTrue(message.contains(e.fault()), message);
  }

  @Test
  void otherFloatingPointNumbersAreRoundedOnce() {
    double[] values = {1 + 0x1p-24, 1 + 0x1.8p-24, 1e300, 0x1p-150, -0.0};
    var data = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(values).forEach(data::putDouble);
    assertArrayEquals(
        new float[] {1, 1 + 0x1p-23f, Float.POSITIVE_INFINITY, 0, -0f},
        new StoredTensor(DType.F64, Shape.of(5), MemorySegment.ofArray(data.array())).floats());
    byte[] halves = {0x00, 0x3c, 0x01, 0x00, (byte) 0xff, 0x7b};
    assertArrayEquals(
        new float[] {1, 0x1p-24f, 65504},
        new StoredTensor(DType.F16, Shape.of(3), MemorySegment.ofArray(halves)).floats());
    byte[] brains = {(byte) 0x80, 0x3f, 0x01, 0x00, (byte) 0x80, (byte) 0xff};
    assertArrayEquals(
        new float[] {1, 0x1p-133f, Float.NEGATIVE_INFINITY},
        new StoredTensor(DType.BF16, Shape.of(3), MemorySegment.ofArray(brains)).floats());
  }

  private static Safetensors sample() {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    tensors.put("weight", StoredTensor.of(Shape.of(1, 3), new float[] {1, -2, Float.NaN}));
    tensors.put("empty", StoredTensor.of(Shape.of(0), new float[0]));
    tensors.put("step", StoredTensor.of(Shape.of(), new long[] {Long.MIN_VALUE}));
    return new Safetensors(tensors, Map.of("model", "pixel \"quoted\"\n"));
  }

  private static void assertRefused(Path file) {
    IOException e = assertThrows(IOException.class, () -> Safetensors.read(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(file.toString()), message);
    assertFalse(message.contains("\n"), message);
  }
}
