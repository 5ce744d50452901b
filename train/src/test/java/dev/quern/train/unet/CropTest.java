package dev.quern.train.unet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Image;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is cut from an image and its mask, and how it is laid. */
class CropTest {

  private static final float[] UPRIGHT = {1, 2, 3, 4, 5, 6, 7, 8, 9};

  @Test
  void theEightWays() {
    laid(new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9}, false, false, false);
    laid(new float[] {1, 4, 7, 2, 5, 8, 3, 6, 9}, true, false, false);
    laid(new float[] {3, 2, 1, 6, 5, 4, 9, 8, 7}, false, true, false);
    laid(new float[] {7, 4, 1, 8, 5, 2, 9, 6, 3}, true, true, false); // a quarter clockwise
    laid(new float[] {7, 8, 9, 4, 5, 6, 1, 2, 3}, false, false, true);
    laid(new float[] {3, 6, 9, 2, 5, 8, 1, 4, 7}, true, false, true); // a quarter back
    laid(new float[] {9, 8, 7, 6, 5, 4, 3, 2, 1}, false, true, true);
    laid(new float[] {9, 6, 3, 8, 5, 2, 7, 4, 1}, true, true, true);
  }

  private static void laid(float[] expected, boolean transposed, boolean x, boolean y) {
    float[] laid = new float[12];
    float[] upright = new float[11];
    System.arraycopy(UPRIGHT, 0, upright, 2, 9);
    new Crop(0, 0, 3, transposed, x, y).lay(upright, 2, laid, 3);
    float[] all = new float[12];
    System.arraycopy(expected, 0, all, 3, 9);
    assertArrayEquals(all, laid);
  }

  @Test
  void everyWayAndEveryPlaceComes() {
    Sample sample = sample(10, 21, 1);
    Set<List<Boolean>> ways = new HashSet<>();
    Set<Integer> columns = new HashSet<>();
    Set<Integer> rows = new HashSet<>();
    for (int epoch = 1; epoch <= 400; epoch++) {
      Crop crop = Crop.draw(sample, 8, 7, epoch, 3);
      assertEquals(crop, Crop.draw(sample, 8, 7, epoch, 3));
      ways.add(List.of(crop.transposed(), crop.flippedX(), crop.flippedY()));
      columns.add(crop.x());
      rows.add(crop.y());
    }
    assertEquals(8, ways.size());
    assertEquals(14, columns.size());
    assertEquals(0, Collections.min(columns));
    assertEquals(13, Collections.max(columns));
    assertEquals(Set.of(0, 1, 2), rows);
  }

  @Test
  void seedEpochAndSampleAloneDecide() {
    Sample sample = sample(500, 500, 1);
    Crop crop = Crop.draw(sample, 8, 7, 2, 3);
    assertNotEquals(crop, Crop.draw(sample, 8, 8, 2, 3));
    assertNotEquals(crop, Crop.draw(sample, 8, 7, 3, 3));
    assertNotEquals(crop, Crop.draw(sample, 8, 7, 2, 4));
  }

  @Test
  void aSmallerImageIsInTheMiddle() {
    for (int epoch = 1; epoch <= 20; epoch++) {
      Crop crop = Crop.draw(sample(5, 8, 1), 8, 0, epoch, 0);
      assertEquals(0, crop.x());
      assertEquals(-1, crop.y());
    }
  }

  @Test
  void imageAndMaskAreLaidAlike() {
    NetworkInput input = new NetworkInput(List.of(0f), List.of(1f));
    int ones = 0;
    for (int[] size : new int[][] {{40, 50}, {16, 16}, {5, 9}, {1, 30}, {30, 1}, {1, 1}}) {
      Sample sample = sample(size[0], size[1], 5);
      for (int epoch = 1; epoch <= 40; epoch++) {
        Crop crop = Crop.draw(sample, 16, 3, epoch, 0);
        float[] upright = new float[256];
        float[] image = new float[256];
        byte[] mask = new byte[258];
        input.read(sample.image(), crop.x(), crop.y(), 16, 16, upright, 0);
        crop.lay(upright, 0, image, 0);
        crop.mask(sample, mask, 1);
        for (int i = 0; i < 256; i++) {
          assertEquals(image[i], mask[i + 1]);
          ones += mask[i + 1];
        }
        assertEquals(0, mask[0] + mask[257]);
      }
    }
    assertTrue(ones > 1000, "" + ones);
  }

  /** An image that is its mask. */
  private static Sample sample(int height, int width, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[height * width];
    byte[] mask = new byte[height * width];
    for (int i = 0; i < values.length; i++) {
      mask[i] = (byte) random.nextInt(2);
      values[i] = mask[i];
    }
    return new Sample("s", Image.of(1, height, width, values), new Mask(height, width, mask));
  }
}
