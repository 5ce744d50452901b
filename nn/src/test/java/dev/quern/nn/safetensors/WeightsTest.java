package dev.quern.nn.safetensors;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Shape;
import dev.quern.nn.unet.UNet;
import dev.quern.spi.tensor.PhiloxStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
  private static final String HEAD = "head.weight";
  private static final String BATCHES = "up.0.4.num_batches_tracked";

  private final Engine engine = Engine.open("reference");

  @TempDir Path folder;

  @AfterEach
  void close() {
    engine.close();
  }

  private UNet unet(long seed) {
    return new UNet(engine, new UNet.Shape(2, 2, 3, 2), seed);
  }

  private float[] predicted(UNet unet) {
    return engine.scoped(() -> {
      var image = engine.uniform(new PhiloxStream(5, 0, 0, 0), 1, 3, 8, 8);
      return unet.predict(image).toFloatArray();
    });
  }

  /** One that has learnt a little: running statistics and counts are not as at first. */
  private UNet trained() {
    UNet unet = unet(1);
    engine.scoped(() -> {
      unet.forward(engine.uniform(new PhiloxStream(6, 0, 0, 0), 2, 3, 8, 8));
    });
    return unet;
  }

  private static void assertSame(
      Map<String, StoredTensor> expected, Map<String, StoredTensor> actual) {
    assertEquals(List.copyOf(expected.keySet()), List.copyOf(actual.keySet()));
    expected.forEach((name, tensor) -> {
      StoredTensor other = Objects.requireNonNull(actual.get(name));
      assertEquals(tensor.dtype(), other.dtype(), name);
      assertEquals(tensor.shape(), other.shape(), name);
      assertEquals(-1, tensor.data().mismatch(other.data()), name);
    });
  }

  @Test
  void goThroughAFileToAnotherNetwork() throws IOException {
    Path file = folder.resolve("unet.safetensors");
    try (UNet first = trained();
        UNet second = unet(2)) {
      new Safetensors(Weights.of(first.parameters()), Map.of()).write(file);
      second.parameters().gradientArena().fill(3);
      Safetensors read = Safetensors.read(file);
      assertEquals(Shape.of(), read.tensor(BATCHES).shape());
      assertArrayEquals(new long[] {1}, read.tensor(BATCHES).longs());
      Weights.load(read.tensors(), second.parameters());
      assertSame(Weights.of(first.parameters()), Weights.of(second.parameters()));
      assertArrayEquals(predicted(first), predicted(second));
      assertEquals(3, second.parameters().gradient(HEAD).toFloatArray()[0]);
    }
  }

  @Test
  void ofOtherPrecisionAreConverted() {
    try (UNet unet = unet(1)) {
      ParameterStore network = unet.parameters();
      Map<String, StoredTensor> tensors = Weights.of(network);
      Shape shape = network.parameter(HEAD).shape();
      int length = (int) shape.elements();
      var doubles = ByteBuffer.allocate(8 * length).order(ByteOrder.LITTLE_ENDIAN);
      var brains = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < length; i++) {
        doubles.putDouble(1 + 0x1.8p-24);
      }
      brains.putShort((short) 0x3fc0).putShort((short) 0xc000);
      tensors.put(HEAD, new StoredTensor(DType.F64, shape, MemorySegment.ofArray(doubles.array())));
      tensors.put(
          "head.bias",
          new StoredTensor(DType.BF16, Shape.of(2), MemorySegment.ofArray(brains.array())));
      Weights.load(tensors, network);
      float[] expected = new float[length];
      Arrays.fill(expected, 1 + 0x1p-23f);
      assertArrayEquals(expected, network.parameter(HEAD).toFloatArray());
      assertArrayEquals(new float[] {1.5f, -2}, network.parameter("head.bias").toFloatArray());
    }
  }

  @Test
  void whatDoesNotFitIsNamedAndChangesNothing() {
    try (UNet source = trained();
        UNet target = unet(2)) {
      Map<String, StoredTensor> whole = Weights.of(source.parameters());

      Map<String, StoredTensor> few = new LinkedHashMap<>();
      few.put(HEAD, Objects.requireNonNull(whole.get(HEAD)));
      few.put("head\nscale", Objects.requireNonNull(whole.get(HEAD)));
      assertRefused(
          few,
          target,
          "missing: down.0.0.weight, down.0.1.weight, down.0.1.bias and %d more; superfluous: head scale."
              .formatted(whole.size() - 4));

      Map<String, StoredTensor> flat = new LinkedHashMap<>(whole);
      flat.put(HEAD, StoredTensor.of(Shape.of(2, 2), new float[4]));
      flat.put(BATCHES, StoredTensor.of(Shape.of(1), new long[1]));
      assertRefused(
          flat,
          target,
          "different: " + BATCHES + " (I64 (1) in the file, I64 () in the network), ",
          HEAD + " (F32 (2, 2) in the file, F32 (2, 2, 1, 1) in the network)");

      Map<String, StoredTensor> counted = new LinkedHashMap<>(whole);
      counted.put(BATCHES, StoredTensor.of(Shape.of(), new float[1]));
      counted.put(HEAD, StoredTensor.of(Shape.of(2, 2, 1, 1), new long[4]));
      assertRefused(counted, target, "F32 () in the file, I64 ()", "I64 (2, 2, 1, 1) in the file");

      var bytes = MemorySegment.ofArray(new byte[4]);
      counted.putAll(whole);
      counted.put(HEAD, new StoredTensor(DType.U8, Shape.of(2, 2, 1, 1), bytes));
      assertRefused(counted, target, "U8 (2, 2, 1, 1) in the file");
    }
  }

  @Test
  void ofANetworkOfAnotherWidthAreRefusedInOneShortSentence() {
    try (var wide = new UNet(engine, new UNet.Shape(4, 3, 3, 2), 1);
        UNet target = unet(2)) {
      assertRefused(Weights.of(wide.parameters()), target, "superfluous: down.2.", "(4, 3, 3, 3)");
    }
  }

  private static void assertRefused(
      Map<String, StoredTensor> tensors, UNet target, String... parts) {
    Map<String, StoredTensor> before = Weights.of(target.parameters());
    var e =
        assertThrows(
            IllegalArgumentException.class, () -> Weights.load(tensors, target.parameters()));
    String message = String.valueOf(e.getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
    assertTrue(message.lines().count() == 1 && message.length() < 600, message);
    assertSame(before, Weights.of(target.parameters()));
  }
}
