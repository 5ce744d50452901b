package dev.quern.train.unet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.nn.tile.Reflection;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.message.BadInputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** What a network sees of images. */
class NetworkInputTest {

  private static final Image GREY = Image.of(1, 2, 3, new float[] {1, 2, 3, 4, 5, 6});
  private static final Image COLOUR =
      Image.of(3, 1, 2, new float[] {1, 3, /* green */ 10, 30, /* blue */ 4, 6});

  @Test
  void standardisesByAllPixels() {
    NetworkInput input = of(List.of(GREY, Image.of(1, 1, 2, new float[2])), 1);
    assertEquals(List.of(21f / 8), input.mean());
    assertEquals(Math.sqrt(91 / 8.0 - 21 * 21 / 64.0), input.deviation().getFirst(), 1e-6);
    float[] seen = new float[8];
    input.read(GREY, 0, 0, 3, 2, seen, 1);
    float deviation = input.deviation().getFirst();
    for (int i = 0; i < 6; i++) {
      assertEquals((i + 1 - 21f / 8) / deviation, seen[i + 1]);
    }
    assertEquals(0, seen[0] + seen[7]);
  }

  @Test
  void aChannelThatDoesNotVaryKeepsItsScale() {
    NetworkInput input = of(List.of(Image.of(1, 1, 2, new float[] {.5f, .5f})), 1);
    assertEquals(new NetworkInput(List.of(.5f), List.of(1f)), input);
  }

  @Test
  void channelsHaveTheirOwnScale() {
    NetworkInput input = of(List.of(COLOUR), 3);
    assertEquals(new NetworkInput(List.of(2f, 20f, 5f), List.of(1f, 10f, 1f)), input);
    float[] seen = new float[6];
    input.read(COLOUR, 0, 0, 2, 1, seen, 0);
    assertArrayEquals(new float[] {-1, 1, -1, 1, -1, 1}, seen);
  }

  @Test
  void greyStandsForEachColour() {
    NetworkInput three = new NetworkInput(List.of(0f, 1f, 2f), List.of(1f, 2f, 4f));
    float[] seen = new float[6];
    three.read(GREY, 1, 0, 2, 1, seen, 0);
    assertArrayEquals(new float[] {2, 3, .5f, 1, 0, .25f}, seen);
    three.require(sample(GREY));
    // in a training set of both, too
    NetworkInput both = of(List.of(COLOUR, Image.of(1, 1, 2, new float[] {2, 2})), 3);
    assertEquals(List.of(2f, 11f, 3.5f), both.mean());
  }

  @Test
  void colourIsSeenAsItsMeanByOneChannel() {
    NetworkInput one = of(List.of(COLOUR), 1);
    assertEquals(List.of(9f), one.mean());
    float[] seen = new float[2];
    new NetworkInput(List.of(0f), List.of(1f)).read(COLOUR, 0, 0, 2, 1, seen, 0);
    assertArrayEquals(new float[] {5, 13}, seen);
    one.require(sample(COLOUR));
  }

  @Test
  void otherChannelsAreRefused() {
    NetworkInput two = new NetworkInput(List.of(0f, 0f), List.of(1f, 1f));
    var refused = assertThrows(BadInputException.class, () -> two.require(sample(COLOUR)));
    assertEquals(
        "s has 3 channels, but the model was trained on images of 2; give images of as many.",
        refused.getMessage());
  }

  @Test
  void whatLiesOutsideIsReflected() {
    NetworkInput plain = new NetworkInput(List.of(0f), List.of(1f));
    float[] seen = new float[20];
    plain.read(GREY, -1, -1, 5, 4, seen, 0);
    assertArrayEquals(
        new float[] {5, 4, 5, 6, 5, 2, 1, 2, 3, 2, 5, 4, 5, 6, 5, 2, 1, 2, 3, 2}, seen);
    float[] far = new float[2];
    plain.read(GREY, 7, 0, 2, 1, far, 0); // 3 2 1 2 3 2 1 2: place 7 is 1, place 8 is 0
    assertArrayEquals(new float[] {2, 1}, far);
    NetworkInput three = new NetworkInput(List.of(0f, 0f, 0f), List.of(1f, 1f, 1f));
    float[] colours = new float[9];
    three.read(COLOUR, -1, 0, 3, 1, colours, 0);
    assertArrayEquals(new float[] {3, 1, 3, 30, 10, 30, 6, 4, 6}, colours);
  }

  @Test
  void anyRegionIsThatOfTheReflectedPlane() {
    NetworkInput plain = new NetworkInput(List.of(0f), List.of(1f));
    int regions = 0;
    for (int x = -9; x < 9; x++) {
      for (int y = -9; y < 9; y++) {
        for (int side = 1; side < 8; side++) {
          float[] seen = new float[side * side];
          plain.read(GREY, x, y, side, side, seen, 0);
          for (int i = 0; i < seen.length; i++) {
            int column = Reflection.place(x + i % side, 3);
            int row = Reflection.place(y + i / side, 2);
            assertEquals(1 + row * 3 + column, seen[i]);
          }
          regions++;
        }
      }
    }
    assertTrue(regions > 2000);
  }

  private static NetworkInput of(List<Image> images, int channels) {
    try (Prefetch prefetch = new Prefetch(2)) {
      return NetworkInput.of(new Images(images), channels, prefetch);
    }
  }

  @Test
  void threadsDoNotChangeABit() {
    // pairs that cancel, of all magnitudes: the mean is what rounding left, which an order decides
    List<Image> images = new ArrayList<>();
    Random random = new Random(11);
    for (int i = 0; i < 100; i++) {
      float[] values = new float[3 * (1 + random.nextInt(4000))];
      float[] negated = new float[values.length];
      float scale = Math.scalb(1f, random.nextInt(60));
      for (int k = 0; k < values.length; k++) {
        values[k] = scale * random.nextFloat();
        negated[k] = -values[k];
      }
      images.add(Image.of(3, 1, values.length / 3, values));
      images.add(Image.of(3, 1, values.length / 3, negated));
    }
    Collections.shuffle(images, random);
    NetworkInput alone = of(1, new Images(images));
    assertNotEquals(0f, alone.mean().getFirst());
    Images watched = new Images(images);
    assertEquals(alone, of(3, watched));
    assertEquals(3, watched.readers().size());
    assertNotEquals(alone.mean(), of(1, new Images(images.reversed())).mean());
  }

  private static NetworkInput of(int threads, Images images) {
    try (Prefetch prefetch = new Prefetch(threads)) {
      return NetworkInput.of(images, 3, prefetch);
    }
  }

  private static Sample sample(Image image) {
    return new Sample("s", image, new Mask(0, 0, new byte[0]));
  }

  /** Pictures without masks, which note what threads read them. */
  private record Images(List<Image> images, Set<String> readers) implements Dataset {
    Images(List<Image> images) {
      this(images, ConcurrentHashMap.newKeySet());
    }

    @Override
    public int size() {
      return images.size();
    }

    @Override
    public String name(int index) {
      return "s";
    }

    @Override
    public long largestSample() {
      return 1000;
    }

    @Override
    public Sample sample(int index) {
      readers.add(Thread.currentThread().toString());
      return NetworkInputTest.sample(images.get(index));
    }
  }
}
