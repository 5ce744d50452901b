package dev.quern.nn.segmenter;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.nn.safetensors.SafetensorsFormatException;
import dev.quern.nn.safetensors.StoredTensor;
import dev.quern.nn.safetensors.Weights;
import dev.quern.nn.unet.UNet;
import dev.quern.spi.tensor.PhiloxStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SegmenterTest {
  private static final UNetMetadata METADATA =
      new UNetMetadata(
          new UNet.Shape(2, 3, 3, 1), List.of(0.25f, 0.5f, 0.75f), List.of(0.5f, 1f, 2f));

  private final Engine engine = Engine.open("reference");
  private final UNet unet = new UNet(engine, METADATA.shape(), 1);

  @TempDir Path folder;

  @BeforeEach
  void train() {
    engine.scoped(() -> {
      for (int i = 0; i < 3; i++) {
        unet.forward(engine.uniform(new PhiloxStream(2, i, 0, 0), 2, 3, 16, 16));
      }
    });
  }

  @AfterEach
  void close() {
    unet.close();
    engine.close();
  }

  private Path write(Map<String, StoredTensor> tensors, Map<String, String> texts)
      throws IOException {
    Path file = folder.resolve("checkpoint.safetensors");
    new Safetensors(tensors, texts).write(file);
    return file;
  }

  private Path checkpoint() throws IOException {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>(Weights.of(unet.parameters()));
    StoredTensor other = StoredTensor.of(Shape.of(2), new float[] {1, 2});
    tensors.put("optimizer.state.0.exp_avg", other);
    tensors.put("training.head.bias", other);
    Map<String, String> texts = new LinkedHashMap<>(METADATA.texts());
    texts.put("epoch", "3");
    return write(tensors, texts);
  }

  private float[] image(int height, int width, int seed) {
    return engine.scoped(
        () -> engine.uniform(new PhiloxStream(seed, 0, 0, 0), 3, height, width).toFloatArray());
  }

  /** The logits of an image whose size suits the network. */
  private float[] expected(float[] image, int height, int width) {
    float[] input = image.clone();
    int plane = height * width;
    for (int i = 0; i < input.length; i++) {
      int c = i / plane;
      input[i] = (input[i] - METADATA.mean().get(c)) / METADATA.deviation().get(c);
    }
    return engine.scoped(() -> {
      try (var folded = unet.folded()) {
        return folded.predict(engine.tensor(input, 1, 3, height, width)).toFloatArray();
      }
    });
  }

  @Test
  void logitsAreThoseOfTheNetwork() throws IOException {
    float[] image = image(12, 8, 3);
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint())) {
      assertEquals(3, segmenter.channels());
      float[] logits = segmenter.logits(image, 12, 8);
      assertArrayEquals(expected(image, 12, 8), logits);
      float[] probabilities = segmenter.predict(image, 12, 8);
      for (int i = 0; i < logits.length; i++) {
        assertEquals(1 / (1 + Math.exp(-logits[i])), probabilities[i], 1e-6);
      }
    }
  }

  /** The logits of an image of any size, reflected at right and below, in one pass. */
  private float[] onePass(float[] image, int height, int width) {
    int rows = Math.ceilDiv(height, 4) * 4;
    int columns = Math.ceilDiv(width, 4) * 4;
    float[] larger = new float[3 * rows * columns];
    for (int i = 0; i < larger.length; i++) {
      int c = i / (rows * columns);
      int row = mirrored(i / columns % rows, height);
      larger[i] = image[(c * height + row) * width + mirrored(i % columns, width)];
    }
    float[] all = expected(larger, rows, columns);
    float[] cut = new float[height * width];
    for (int i = 0; i < cut.length; i++) {
      cut[i] = all[i / width * columns + i % width];
    }
    return cut;
  }

  private static int mirrored(int i, int extent) {
    return i < extent ? i : 2 * (extent - 1) - i;
  }

  @Test
  void otherSizesAreReflectedAtRightAndBelow() throws IOException {
    float[] image = image(5, 10, 4);
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint())) {
      assertArrayEquals(onePass(image, 5, 10), segmenter.logits(image, 5, 10));
      assertEquals(1, segmenter.logits(image(1, 1, 5), 1, 1).length);
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 2051", "1025, 70"})
  void largeImagesGoInTilesWhoseLogitsAreThoseOfOnePass(int height, int width) throws IOException {
    float[] image = image(height, width, 9);
    float[] expected = onePass(image, height, width);
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint())) {
      assertArrayEquals(expected, segmenter.logits(image, height, width));
      MemorySegment inPlace = MemorySegment.ofArray(image);
      segmenter.logits(inPlace, height, width, inPlace.asSlice(0, 4L * height * width));
      assertArrayEquals(expected, Arrays.copyOf(image, height * width));
    }
  }

  @Test
  void theMemoryOnTheDeviceDoesNotGrowWithTheImage() throws IOException {
    try (Engine fresh = Engine.open("reference");
        Segmenter segmenter = Segmenter.load(fresh, checkpoint())) {
      segmenter.logits(image(4, 3 * 1024, 10), 4, 3 * 1024);
      long ofThreeTiles = fresh.memory().peak();
      segmenter.logits(image(4, 20_000, 10), 4, 20_000);
      assertEquals(ofThreeTiles, fresh.memory().peak());
    }
  }

  @Test
  void nativeMemoryGivesTheSame() throws IOException {
    float[] image = image(7, 9, 6);
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint());
        Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocateFrom(ValueLayout.JAVA_FLOAT, image);
      MemorySegment out = arena.allocate(ValueLayout.JAVA_FLOAT, 7 * 9);
      segmenter.logits(in, 7, 9, out);
      assertArrayEquals(segmenter.logits(image, 7, 9), out.toArray(ValueLayout.JAVA_FLOAT));
      segmenter.predict(in, 7, 9, in.asSlice(0, out.byteSize()));
      assertArrayEquals(
          segmenter.predict(image, 7, 9),
          in.asSlice(0, out.byteSize()).toArray(ValueLayout.JAVA_FLOAT));
    }
  }

  @Test
  void severalThreadsPredictWithOne() throws Exception {
    List<float[]> alone = new ArrayList<>();
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint());
        var threads = Executors.newFixedThreadPool(4)) {
      List<Callable<float[]>> predictions = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        float[] image = image(9 + i % 4, 11, i);
        int height = 9 + i % 4;
        alone.add(segmenter.predict(image, height, 11));
        predictions.add(() -> segmenter.predict(image, height, 11));
      }
      int at = 0;
      for (Future<float[]> prediction : threads.invokeAll(predictions)) {
        assertArrayEquals(alone.get(at++), prediction.get());
      }
    }
  }

  @Test
  void nothingStaysOpen() throws IOException {
    Set<String> open = Set.copyOf(engine.openTensors());
    Segmenter segmenter = Segmenter.load(engine, checkpoint());
    segmenter.predict(image(6, 6, 7), 6, 6);
    segmenter.close();
    segmenter.close();
    assertEquals(open, Set.copyOf(engine.openTensors()));
    try (Segmenter alone = Segmenter.load(checkpoint())) {
      assertEquals(36, alone.predict(image(6, 6, 7), 6, 6).length);
    }
  }

  @Test
  void takesTheMemoryThatItsDocumentationTells() throws IOException {
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint())) {
      int side = 128;
      segmenter.logits(image(side, side, 8), side, side);
      double bytes = (double) engine.memory().peak() / (side * side);
      assertEquals(24 * 2 + 4 * 3, bytes, 4);
    }
  }

  @Test
  void filesThatHoldNoSuchNetworkAreNamed() throws IOException {
    Map<String, StoredTensor> tensors = Weights.of(unet.parameters());
    assertFault(write(tensors, Map.of()), "its metadata has no entry model");
    assertFault(write(tensors, changed("model", "pixel")), "it holds a model of kind pixel");
    assertFault(write(tensors, changed("classes", "2")), "it has 2 classes");
    assertFault(write(tensors, changed("width", "two")), "two");
    assertFault(write(tensors, changed("width", "3")), "different: down.0.0.weight");
    assertFault(write(tensors, changed("depth", "2")), "superfluous: ");
    assertFault(write(tensors, changed("depth", "4")), "missing: ");
    assertFault(write(tensors, changed("input_mean", "1,2")), "its input_mean is [1.0, 2.0]");
    assertFault(write(tensors, changed("input_std", "1,2,0")), "its input_std is not above 0");
    Map<String, StoredTensor> diverged = new LinkedHashMap<>(tensors);
    diverged.put("head.bias", StoredTensor.of(Shape.of(1), new float[] {Float.NaN}));
    assertFault(write(diverged, METADATA.texts()), "NaN or an infinity in the tensor head.bias");

    Set<String> open = Set.copyOf(engine.openTensors());
    Path none = folder.resolve("none");
    assertThrows(NoSuchFileException.class, () -> Segmenter.load(engine, none));
    Path text = Files.writeString(folder.resolve("text"), "no checkpoint");
    assertThrows(SafetensorsFormatException.class, () -> Segmenter.load(text));
    assertEquals(open, Set.copyOf(engine.openTensors()));
  }

  private static Map<String, String> changed(String name, String text) {
    Map<String, String> texts = new LinkedHashMap<>(METADATA.texts());
    texts.put(name, text);
    return texts;
  }

  private void assertFault(Path file, String fault) {
    Set<String> open = Set.copyOf(engine.openTensors());
    var e = assertThrows(IllegalArgumentException.class, () -> Segmenter.load(engine, file));
    String message = String.valueOf(e.getMessage());
    assertTrue(message.contains(file.toString()) && message.contains(fault), message);
    assertEquals(open, Set.copyOf(engine.openTensors()));
  }

  @Test
  void sizesThatDoNotFitAreNamed() throws IOException {
    try (Segmenter segmenter = Segmenter.load(engine, checkpoint())) {
      var e =
          assertThrows(
              IllegalArgumentException.class, () -> segmenter.predict(new float[16], 4, 4));
      assertEquals(
          "An image of shape (3, 4, 4) has 48 values of 4 bytes, got 64 bytes.", e.getMessage());
      e =
          assertThrows(
              IllegalArgumentException.class,
              () ->
                  segmenter.logits(
                      MemorySegment.ofArray(new float[48]),
                      4,
                      4,
                      MemorySegment.ofArray(new float[48])));
      assertEquals(
          "A result of shape (1, 4, 4) has 16 values of 4 bytes, got 192 bytes.", e.getMessage());
      e = assertThrows(IllegalArgumentException.class, () -> segmenter.predict(new float[0], 0, 4));
      assertEquals("An image has at least one pixel, got height 0 and width 4.", e.getMessage());
    }
  }
}
