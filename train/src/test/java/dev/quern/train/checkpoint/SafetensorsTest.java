package dev.quern.train.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Shape;
import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsTest {

  @TempDir Path folder;

  @Test
  void readsBackWhatItWrote() {
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
      } catch (BadInputException e) {
        assertTrue(String.valueOf(e.getMessage()).contains("damaged.safetensors"));
      }
    }
  }

  @Test
  void refusesWhatIsNotThere() throws IOException {
    assertRefused(folder.resolve("none.safetensors"));
    assertRefused(Files.writeString(folder.resolve("text.safetensors"), "this is no checkpoint"));
    Safetensors some = sample();
    assertThrows(IllegalStateException.class, () -> some.tensor("bias"));
    assertThrows(IllegalStateException.class, () -> some.text("seed"));
    assertThrows(IllegalStateException.class, () -> some.tensor("step").floats());
  }

  @Test
  void aFailedWriteKeepsTheOldCheckpoint() throws IOException {
    Path file = folder.resolve("some.safetensors");
    sample().write(file);
    byte[] before = Files.readAllBytes(file);
    Path blocked = folder.resolve("some.safetensors/inside.safetensors");
    assertThrows(BadInputException.class, () -> sample().write(blocked));
    assertArrayEquals(before, Files.readAllBytes(file));
    assertFalse(Files.exists(blocked));
  }

  private static Safetensors sample() {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    tensors.put("weight", StoredTensor.of(Shape.of(1, 3), new float[] {1, -2, Float.NaN}));
    tensors.put("empty", StoredTensor.of(Shape.of(0), new float[0]));
    tensors.put("step", StoredTensor.of(Shape.of(), new long[] {Long.MIN_VALUE}));
    return new Safetensors(tensors, Map.of("model", "pixel \"quoted\"\n"));
  }

  private static void assertRefused(Path file) {
    BadInputException e = assertThrows(BadInputException.class, () -> Safetensors.read(file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(file.toString()), message);
    assertFalse(message.contains("\n"), message);
  }
}
