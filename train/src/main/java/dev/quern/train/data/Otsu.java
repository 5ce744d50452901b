package dev.quern.train.data;

import dev.quern.train.data.mask.Mask;

/**
 * Otsu's threshold of one image's brightness: the cut of a 256-bin histogram, from the image's
 * smallest to its largest value, that maximises the variance between the two sides (N. Otsu, 1979).
 * It is the baseline a trained model has to beat: every image gets its own threshold, and what is
 * brighter counts as the object.
 */
public final class Otsu {

  private static final int BINS = 256;

  private Otsu() {}

  /**
   * The threshold of one plane.
   *
   * @param image finite values of any range
   * @param channel which plane
   * @return a bin's upper edge: values at or above it are bright; above the largest value when all
   *     are equal
   */
  public static float threshold(Image image, int channel) {
    var range = new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
    Rows.read(
        image,
        channel,
        (values, count) -> {
          for (int i = 0; i < count; i++) {
            range[0] = Math.min(range[0], values[i]);
            range[1] = Math.max(range[1], values[i]);
          }
        });
    double low = range[0];
    double width = range[1] - low;
    if (!(width > 0)) {
      return Math.nextUp(range[1]);
    }
    long[] histogram = new long[BINS];
    Rows.read(
        image,
        channel,
        (values, count) -> {
          for (int i = 0; i < count; i++) {
            histogram[Math.min((int) ((values[i] - low) / width * BINS), BINS - 1)]++;
          }
        });
    return (float) (low + width * (cut(histogram) + 1) / BINS);
  }

  /** The last bin of the dark side. */
  private static int cut(long[] histogram) {
    double total = 0;
    double sum = 0;
    for (int i = 0; i < BINS; i++) {
      total += histogram[i];
      sum += (double) i * histogram[i];
    }
    double below = 0;
    double sumBelow = 0;
    double best = 0;
    int cut = BINS - 1;
    for (int i = 0; i < BINS - 1; i++) {
      below += histogram[i];
      sumBelow += (double) i * histogram[i];
      if (below == 0 || below == total) {
        continue;
      }
      double difference = sumBelow / below - (sum - sumBelow) / (total - below);
      double between = below * (total - below) * difference * difference;
      if (between > best) {
        best = between;
        cut = i;
      }
    }
    return cut;
  }

  /**
   * Cuts an image at its own threshold.
   *
   * @param image grey, or colour by the mean of its channels
   * @return 1 where the image is at or above the threshold
   */
  public static Mask segment(Image image) {
    Image grey = image.grey();
    float threshold = threshold(grey, 0);
    byte[] bright = new byte[image.pixels()];
    var done = new int[1];
    Rows.read(
        grey,
        0,
        (values, count) -> {
          for (int i = 0; i < count; i++) {
            bright[done[0]++] = (byte) (values[i] >= threshold ? 1 : 0);
          }
        });
    return new Mask(image.height(), image.width(), bright);
  }
}
