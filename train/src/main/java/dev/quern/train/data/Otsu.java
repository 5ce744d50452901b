package dev.quern.train.data;

/**
 * Otsu's threshold of one image's brightness: the cut of a 256-bin histogram that maximises the
 * variance between the two sides (N. Otsu, 1979). It is the baseline a trained model has to beat:
 * every image gets its own threshold, and what is brighter counts as the object.
 */
public final class Otsu {

  private static final int BINS = 256;

  private Otsu() {}

  /**
   * The threshold of a plane of values in [0, 1].
   *
   * @param values at least one
   * @return a bin's upper edge: values at or above it are bright; 1 when all values share one bin
   */
  public static float threshold(float[] values) {
    long[] histogram = new long[BINS];
    for (float value : values) {
      histogram[bin(value)]++;
    }
    double total = values.length;
    double sum = 0;
    for (int i = 0; i < BINS; i++) {
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
    return (cut + 1) / (float) BINS;
  }

  /**
   * Cuts an image at its own threshold.
   *
   * @param image grey, or colour by the mean of its channels
   * @return 1 where the image is at or above the threshold
   */
  public static Mask segment(Image image) {
    float[] grey = image.grey();
    float threshold = threshold(grey);
    byte[] values = new byte[grey.length];
    for (int i = 0; i < grey.length; i++) {
      values[i] = (byte) (grey[i] >= threshold ? 1 : 0);
    }
    return new Mask(image.height(), image.width(), values);
  }

  private static int bin(float value) {
    return Math.clamp((int) (value * BINS), 0, BINS - 1);
  }
}
