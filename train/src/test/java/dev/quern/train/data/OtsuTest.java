package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class OtsuTest {

  @Test
  void splitsTwoLevels() {
    float[] values = new float[100];
    Arrays.fill(values, 60, 100, 0.8f);
    Arrays.fill(values, 0, 60, 0.2f);
    float threshold = threshold(values);
    assertTrue(threshold > 0.2f && threshold <= 0.8f, "threshold " + threshold);
  }

  @Test
  void nothingIsBrightInAFlatImage() {
    for (float level : new float[] {0, 0.25f, 1, -3, 4000}) {
      float[] values = new float[7];
      Arrays.fill(values, level);
      assertTrue(threshold(values) > level);
      assertEquals(0, sum(Otsu.segment(Image.of(1, 1, 7, values))));
    }
  }

  @Test
  void theHistogramSpansTheImagesOwnRange() {
    // 12 bits in files of 16, values far above 1, and values around 0
    for (float scale : new float[] {1 / 16f, 1 / 4096f, 5000}) {
      for (float shift : new float[] {0, -scale / 2}) {
        SyntheticMicroscopy set = new SyntheticMicroscopy(1, 3, 0);
        Image image = set.sample(0).image();
        float[] values = image.plane(0);
        float[] scaled = new float[values.length];
        for (int i = 0; i < values.length; i++) {
          scaled[i] = values[i] * scale + shift;
        }
        Mask plain = Otsu.segment(image);
        Mask other = Otsu.segment(Image.of(1, image.height(), image.width(), scaled));
        double iou = other.against(plain).jaccard(0);
        assertTrue(iou > 0.99, "scale " + scale + " shift " + shift + ": IoU " + iou);
      }
    }
  }

  @Test
  void colourIsJudgedByTheMeanOfItsChannels() {
    float[] colour = {0, 1, 0, 0.9f, 0, 1};
    assertEquals(1, Otsu.segment(Image.of(3, 1, 2, colour)).values()[1]);
    assertEquals(0, Otsu.segment(Image.of(3, 1, 2, colour)).values()[0]);
  }

  private static float threshold(float[] values) {
    return Otsu.threshold(Image.of(1, 1, values.length, values), 0);
  }

  private static int sum(Mask mask) {
    int sum = 0;
    for (byte value : mask.values()) {
      sum += value;
    }
    return sum;
  }
}
