package dev.quern.train.data;

import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.mask.MaskFacts;
import java.util.List;

/**
 * What was seen of one sample before training.
 *
 * @param name of the sample
 * @param width in pixels
 * @param height in pixels
 * @param channels of the image
 * @param bits of a sample of the image's file
 * @param low the smallest value of each channel
 * @param high the largest value of each channel
 * @param mask what was seen in the mask's files
 * @param otsu counts of Otsu's threshold against the mask
 * @param warnings what was wrong with the files and tolerated
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier; never compared
public record Look(
    String name,
    int width,
    int height,
    int channels,
    int bits,
    float[] low,
    float[] high,
    MaskFacts mask,
    ConfusionCounts otsu,
    List<String> warnings) {

  /**
   * Looks at every pixel of a sample.
   *
   * @param sample with its mask
   * @return what was seen
   */
  static Look at(Sample sample) {
    Image image = sample.image();
    float[] low = new float[image.channels()];
    float[] high = new float[image.channels()];
    for (int c = 0; c < image.channels(); c++) {
      var range = new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
      Rows.read(
          image,
          c,
          (values, count) -> {
            for (int i = 0; i < count; i++) {
              range[0] = Math.min(range[0], values[i]);
              range[1] = Math.max(range[1], values[i]);
            }
          });
      low[c] = range[0];
      high[c] = range[1];
    }
    return new Look(
        sample.name(),
        image.width(),
        image.height(),
        image.channels(),
        image.bits(),
        low,
        high,
        sample.facts(),
        Otsu.segment(image).against(sample.mask()),
        sample.warnings());
  }
}
