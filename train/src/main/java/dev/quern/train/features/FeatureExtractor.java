package dev.quern.train.features;

import dev.quern.train.data.Image;
import dev.quern.train.data.Tile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Describes a pixel by numbers of its neighbourhood, at window radii 1, 2, 4, 8 and 16. For every
 * channel of the image:
 *
 * <ul>
 *   <li>the value itself, and its distance from the image's mean in standard deviations of the
 *       image;
 *   <li>at the pixel itself and per radius up to 8: the mean's distance d from the image's own Otsu
 *       threshold in half standard deviations of the image, squashed to d / (1 + |d|);
 *   <li>per radius: mean, standard deviation, and gradient length (difference of the half-windows);
 *   <li>contrasts: (small mean - large mean) / (large deviation + {@value #SOFTENING}) for the
 *       pairs in {@link #CONTRASTS}, which do not see uneven illumination;
 *   <li>per radius up to 4: the two eigenvalues of the matrix of second differences, divided by the
 *       deviation at radius 16, which tell blobs from lines.
 * </ul>
 *
 * <p>Windows are cut at the border and divided by what is left of them. All sums come from integral
 * images in f64 over the tiles of a fixed grid with their surroundings, so a pixel's cost does not
 * depend on the radius, memory does not depend on the size of the image, and a pixel's features do
 * not depend on which other pixels are asked for. Plain Java arithmetic: the same bits on every
 * machine and for every number of threads.
 */
public final class FeatureExtractor {

  /** Changes whenever the features do; a checkpoint of another version cannot be used. */
  public static final int VERSION = 2;

  /** As many as images have that are read. */
  public static final int MOST_CHANNELS = 16;

  private static final int[] RADII = {1, 2, 4, 8, 16};
  private static final int[] HESSIAN_RADII = {1, 2, 4};
  private static final int LARGEST_RADIUS = 32;

  /** Small and large radius of each contrast; radius 0 is the pixel itself. */
  private static final int[][] CONTRASTS = {
    {0, 4}, {1, 4}, {1, 8}, {1, 16}, {2, 16}, {2, 32}, {4, 32}
  };

  /** Keeps the contrast of flat regions near zero: two and a half grey levels of 8 bits. */
  private static final double SOFTENING = 0.01;

  private static final int[] THRESHOLD_RADII = {0, 1, 2, 4, 8};

  private static final int PER_CHANNEL =
      2 + 3 * RADII.length + CONTRASTS.length + THRESHOLD_RADII.length + 2 * HESSIAN_RADII.length;

  /** What is known of one pixel, by radius; reused for the next. */
  private static final class Scratch {
    final double[] means = new double[LARGEST_RADIUS + 1];
    final double[] deviations = new double[LARGEST_RADIUS + 1];
    final double[] eigenvalues = new double[2];
  }

  private final List<ChannelRange> ranges;
  private final @Nullable Standardization standardization;

  /**
   * An extractor for images of 8 bits.
   *
   * @param channels 1 to 16
   */
  public FeatureExtractor(int channels) {
    this(Collections.nCopies(channels, ChannelRange.UNIT));
  }

  /**
   * An extractor for images of a number of channels. A grey image stands in for any number of equal
   * channels, and any image for one channel by the mean of its own.
   *
   * @param ranges of the channels, 1 to 16
   */
  public FeatureExtractor(List<ChannelRange> ranges) {
    this(List.copyOf(ranges), null);
  }

  private FeatureExtractor(List<ChannelRange> ranges, @Nullable Standardization standardization) {
    this.ranges = ranges;
    this.standardization = standardization;
  }

  /**
   * The same features, standardised.
   *
   * @param by mean and deviation of each feature
   * @return an extractor whose rows are standardised
   */
  public FeatureExtractor standardised(Standardization by) {
    if (by.mean().length != size()) {
      throw new IllegalArgumentException(
          "%d means do not fit %d features".formatted(by.mean().length, size()));
    }
    return new FeatureExtractor(ranges, by);
  }

  /**
   * The number of channels the features are computed of.
   *
   * @return 1 to 16
   */
  public int channels() {
    return ranges.size();
  }

  /**
   * What the channels are scaled by.
   *
   * @return one for each channel
   */
  public List<ChannelRange> ranges() {
    return ranges;
  }

  /**
   * The number of features of a pixel.
   *
   * @return the length of a row of features
   */
  public int size() {
    return channels() * PER_CHANNEL;
  }

  /**
   * Whether images of a number of channels can be described.
   *
   * @param imageChannels of the image
   * @return true when it is this extractor's number, or either is one
   */
  public boolean takes(int imageChannels) {
    return channels() == 1 || imageChannels == 1 || imageChannels == channels();
  }

  /**
   * Looks at every pixel of an image, so that its tiles can be asked for one by one.
   *
   * @param image any size; one channel or as many as the extractor's, unless that has one
   * @return its features, computed when asked for
   * @throws IllegalArgumentException when the image has another number of channels
   */
  public ImageFeatures of(Image image) {
    if (!takes(image.channels())) {
      throw new IllegalArgumentException(
          "An image of %d channels for a model of %d".formatted(image.channels(), channels()));
    }
    Image seen = channels() == 1 ? image.grey() : image;
    List<Brightness> brightness = new ArrayList<>();
    for (int c = 0; c < channels(); c++) {
      brightness.add(Brightness.of(seen, Math.min(c, seen.channels() - 1), ranges.get(c)));
    }
    return new ImageFeatures(this, seen, brightness);
  }

  /** The planes of a tile with all that windows around its pixels see. */
  List<Plane> planes(Image image, List<Brightness> brightness, Tile tile) {
    List<Plane> planes = new ArrayList<>();
    for (int c = 0; c < channels(); c++) {
      int channel = Math.min(c, image.channels() - 1);
      planes.add(new Plane(image, channel, brightness.get(c), tile, LARGEST_RADIUS));
    }
    return planes;
  }

  /** Fills one row of features for each pixel. */
  void describe(List<Plane> planes, int[] xs, int[] ys, float[] out) {
    int features = size();
    Scratch scratch = new Scratch();
    for (int c = 0; c < planes.size(); c++) {
      for (int i = 0; i < xs.length; i++) {
        describe(planes.get(c), scratch, xs[i], ys[i], out, i * features + c * PER_CHANNEL);
      }
    }
    if (standardization != null) {
      standardization.apply(out);
    }
  }

  private static void describe(
      Plane plane, Scratch scratch, int x, int y, float[] out, int offset) {
    Brightness whole = plane.brightness();
    double[] means = scratch.means;
    double[] deviations = scratch.deviations;
    means[0] = plane.value(x, y);
    int at = offset;
    out[at++] = (float) means[0];
    out[at++] = (float) ((means[0] - whole.mean()) / (whole.deviation() + SOFTENING));
    for (int r : RADII) {
      means[r] = plane.mean(x, y, r);
      deviations[r] = plane.deviation(x, y, r, means[r]);
      out[at++] = (float) means[r];
      out[at++] = (float) deviations[r];
      out[at++] = (float) gradient(plane, x, y, r);
    }
    means[LARGEST_RADIUS] = plane.mean(x, y, LARGEST_RADIUS);
    deviations[LARGEST_RADIUS] = plane.deviation(x, y, LARGEST_RADIUS, means[LARGEST_RADIUS]);
    for (int[] pair : CONTRASTS) {
      out[at++] = (float) ((means[pair[0]] - means[pair[1]]) / (deviations[pair[1]] + SOFTENING));
    }
    double halfDeviation = whole.deviation() / 2 + SOFTENING;
    for (int r : THRESHOLD_RADII) {
      double distance = (means[r] - whole.threshold()) / halfDeviation;
      out[at++] = (float) (distance / (1 + Math.abs(distance)));
    }
    double scale = 1 / (deviations[16] + SOFTENING);
    for (int r : HESSIAN_RADII) {
      hessian(plane, x, y, r, means[r], scratch.eigenvalues);
      out[at++] = (float) (scratch.eigenvalues[0] * scale);
      out[at++] = (float) (scratch.eigenvalues[1] * scale);
    }
  }

  private static double gradient(Plane plane, int x, int y, int r) {
    double dx = plane.mean(x + 1, y - r, x + r, y + r) - plane.mean(x - r, y - r, x - 1, y + r);
    double dy = plane.mean(x - r, y + 1, x + r, y + r) - plane.mean(x - r, y - r, x + r, y - 1);
    return Math.sqrt(dx * dx + dy * dy);
  }

  /** Eigenvalues, the larger first, of the second differences of window means at distance 2r. */
  private static void hessian(Plane plane, int x, int y, int r, double mean, double[] eigenvalues) {
    int d = 2 * r;
    double xx = plane.near(x - d, y, r) - 2 * mean + plane.near(x + d, y, r);
    double yy = plane.near(x, y - d, r) - 2 * mean + plane.near(x, y + d, r);
    double xy =
        (plane.near(x + d, y + d, r)
                - plane.near(x - d, y + d, r)
                - plane.near(x + d, y - d, r)
                + plane.near(x - d, y - d, r))
            / 4;
    double middle = (xx + yy) / 2;
    double half = Math.sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
    eigenvalues[0] = middle + half;
    eigenvalues[1] = middle - half;
  }
}
