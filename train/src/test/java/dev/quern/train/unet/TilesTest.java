package dev.quern.train.unet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Scope;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.nn.safetensors.Weights;
import dev.quern.nn.unet.FoldedUNet;
import dev.quern.nn.unet.UNet;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits of tiles are those of the whole image. */
class TilesTest {

  private static final NetworkInput INPUT = new NetworkInput(List.of(0.4f), List.of(0.3f));

  @ParameterizedTest
  @CsvSource({
    "simd, 701, 533, 2, 3",
    "simd, 533, 1030, 2, 3",
    "simd, 1, 515, 3, 2",
    "simd, 3, 2, 2, 4",
    "simd, 514, 513, 2, 1",
    "reference, 525, 516, 1, 3"
  })
  void logitsAreThoseOfOnePass(String backend, int width, int height, int channels, int depth) {
    UNet.Shape shape = new UNet.Shape(channels, depth, 1, 1);
    Image image = noise(width, height);
    try (Engine engine = Engine.open(backend);
        UNetModel model = new UNetModel(engine, shape, INPUT, 5);
        Prefetch prefetch = new Prefetch(2)) {
      settle(model.parameters());
      float[] tiled = new float[width * height];
      int seen = 0;
      Iterator<Piece> pieces = model.pieces(prefetch).whole(new One(image));
      while (pieces.hasNext()) {
        Piece piece = pieces.next();
        try (Scope _ = engine.openScope()) {
          float[] logits = model.logits(piece).toFloatArray();
          assertEquals(piece.pixels(), logits.length);
          for (int i = 0; i < logits.length; i++) {
            tiled[piece.pixel(i)] = logits[i];
          }
          seen += logits.length;
        }
      }
      assertEquals(width * height, seen);
      assertArrayEquals(onePass(engine, shape, model, image), tiled);
    }
  }

  /** The image made as large as the network's multiple, in one pass. */
  private static float[] onePass(Engine engine, UNet.Shape shape, UNetModel model, Image image) {
    try (UNet network = new UNet(engine, shape, 0)) {
      Weights.load(Weights.of(model.parameters()), network.parameters());
      int columns = Math.ceilDiv(image.width(), network.multiple()) * network.multiple();
      int rows = Math.ceilDiv(image.height(), network.multiple()) * network.multiple();
      float[] input = new float[columns * rows];
      float[] plane = image.plane(0);
      for (int y = 0; y < rows; y++) {
        for (int x = 0; x < columns; x++) {
          float value =
              plane[mirrored(y, image.height()) * image.width() + mirrored(x, image.width())];
          input[y * columns + x] = (value - 0.4f) / 0.3f;
        }
      }
      float[] all = logits(engine, network, input, rows, columns);
      float[] logits = new float[image.pixels()];
      for (int y = 0; y < image.height(); y++) {
        System.arraycopy(all, y * columns, logits, y * image.width(), image.width());
      }
      return logits;
    }
  }

  private static int mirrored(int i, int extent) {
    int place = i;
    while (place >= extent) {
      place = extent == 1 ? 0 : Math.abs(2 * (extent - 1) - place);
    }
    return place;
  }

  private static float[] logits(Engine engine, UNet network, float[] input, int rows, int columns) {
    try (FoldedUNet folded = network.folded();
        Scope _ = engine.openScope()) {
      Tensor x = engine.tensor(input, 0, Shape.of(1, 1, rows, columns));
      return folded.predict(x).toFloatArray();
    }
  }

  @Test
  void aPixelReachesAsFarAsTheRadiusAndNoFarther() {
    for (int depth = 1; depth <= 3; depth++) {
      int side = 128;
      try (Engine engine = Engine.open("simd");
          UNet network = new UNet(engine, new UNet.Shape(4, depth, 1, 1), 3)) {
        settle(network.parameters());
        float[] input = noise(side, side).plane(0);
        float[] before = logits(engine, network, input, side, side);
        int farthest = 0;
        for (int phase = 0; phase < network.multiple(); phase++) {
          for (float value : new float[] {-1e4f, 1e4f}) {
            int at = 60 + phase;
            float[] changed = input.clone();
            changed[at * side + at] = value;
            float[] after = logits(engine, network, changed, side, side);
            for (int i = 0; i < after.length; i++) {
              if (after[i] != before[i]) {
                int distance = Math.max(Math.abs(i / side - at), Math.abs(i % side - at));
                farthest = Math.max(farthest, distance);
              }
            }
          }
        }
        assertTrue(network.radius() < 60);
        assertEquals(network.radius(), farthest, "depth " + depth);
      }
    }
  }

  /** Gives a network running statistics that are not those of the start. */
  private static void settle(ParameterStore store) {
    SplittableRandom random = new SplittableRandom(9);
    for (String name : store.bufferNames()) {
      if (name.endsWith("running_mean") || name.endsWith("running_var")) {
        float[] values = store.buffer(name).toFloatArray();
        for (int i = 0; i < values.length; i++) {
          values[i] += (float) random.nextDouble(-0.3, 0.3);
        }
        store.buffer(name).copyFrom(values);
      }
    }
  }

  private static Image noise(int width, int height) {
    SplittableRandom random = new SplittableRandom(1);
    float[] values = new float[width * height];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextDouble();
    }
    return Image.of(1, height, width, values);
  }

  /** One picture. */
  private record One(Image image) implements Dataset {
    @Override
    public int size() {
      return 1;
    }

    @Override
    public String name(int index) {
      return "one";
    }

    @Override
    public long largestSample() {
      return image.heapBytes();
    }

    @Override
    public Sample sample(int index) {
      return new Sample("one", image, new Mask(0, 0, new byte[0]));
    }
  }
}
