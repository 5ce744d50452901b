package dev.quern.train.features;

import dev.quern.train.data.Image;
import dev.quern.train.data.Otsu;
import dev.quern.train.data.Rows;

/**
 * What is known of a whole plane, in scaled values.
 *
 * @param range that the plane's values are scaled by
 * @param mean of all pixels
 * @param deviation of all pixels, standard
 * @param threshold Otsu's
 */
record Brightness(ChannelRange range, double mean, double deviation, float threshold) {

  /** Looks at every pixel of a plane. */
  static Brightness of(Image image, int channel, ChannelRange range) {
    var sums = new double[2];
    Rows.read(
        image,
        channel,
        (values, count) -> {
          double sum = 0;
          double squares = 0;
          for (int i = 0; i < count; i++) {
            double value = range.apply(values[i]);
            sum += value;
            squares += value * value;
          }
          sums[0] += sum;
          sums[1] += squares;
        });
    double pixels = (double) image.width() * image.height();
    double mean = sums[0] / pixels;
    double deviation = Math.sqrt(Math.max(0, sums[1] / pixels - mean * mean));
    return new Brightness(range, mean, deviation, range.apply(Otsu.threshold(image, channel)));
  }
}
