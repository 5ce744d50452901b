package dev.quern.train.features;

import dev.quern.train.data.Seeds;
import java.util.random.RandomGenerator;

/** Which pixels of an image take part. */
public final class PixelSample {

  private PixelSample() {}

  /**
   * Every pixel in order.
   *
   * @param pixels of the image
   * @return 0 to {@code pixels - 1}
   */
  public static int[] all(int pixels) {
    int[] indices = new int[pixels];
    for (int i = 0; i < pixels; i++) {
      indices[i] = i;
    }
    return indices;
  }

  /**
   * A draw without repetition that is spread over the image: the pixels are cut into {@code count}
   * runs of nearly equal length and one pixel is drawn from each.
   *
   * @param pixels of the image
   * @param count how many to draw; all of them when there are no more
   * @param seed of the run
   * @param epoch in which they are used
   * @param image its index in the data set
   * @return ascending indices
   */
  public static int[] draw(int pixels, int count, long seed, long epoch, int image) {
    if (count >= pixels) {
      return all(pixels);
    }
    RandomGenerator random = Seeds.generator(seed, Seeds.PIXELS, (epoch << 32) + image);
    int[] indices = new int[count];
    for (int i = 0; i < count; i++) {
      int from = (int) ((long) i * pixels / count);
      int to = (int) ((long) (i + 1) * pixels / count);
      indices[i] = random.nextInt(from, to);
    }
    return indices;
  }
}
