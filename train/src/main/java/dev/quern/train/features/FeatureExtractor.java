package dev.quern.train.features;

import dev.quern.train.data.Image;
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
 * images in f64, so a pixel's cost does not depend on the radius, and a pixel's features do not
 * depend on which other pixels are asked for. Plain Java arithmetic: the same bits on every machine
 * and for every number of threads.
 */
public final class FeatureExtractor {

  /** Changes whenever the features do; a checkpoint of another version cannot be used. */
  public static final int VERSION = 1;

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

  private final int channels;
  private final @Nullable Standardization standardization;

  /**
   * An extractor for images of a number of channels.
   *
   * @param channels 1 or 3; a grey image stands in for three equal channels, and a colour image for
   *     one channel by its mean
   */
  public FeatureExtractor(int channels) {
    this(channels, null);
  }

  private FeatureExtractor(int channels, @Nullable Standardization standardization) {
    this.channels = channels;
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
    return new FeatureExtractor(channels, by);
  }

  /**
   * The number of channels the features are computed of.
   *
   * @return 1 or 3
   */
  public int channels() {
    return channels;
  }

  /**
   * The number of features of a pixel.
   *
   * @return the length of a row of features
   */
  public int size() {
    return channels * PER_CHANNEL;
  }

  /**
   * Prepares an image, so that rows of it can be asked for piece by piece.
   *
   * @param image any size
   * @return its features, computed when asked for
   */
  public ImageFeatures of(Image image) {
    Plane[] planes = new Plane[channels];
    for (int c = 0; c < channels; c++) {
      planes[c] = new Plane(channel(image, c), image.height(), image.width());
    }
    return pixels -> rows(planes, pixels);
  }

  /** The features of one image; may be asked by several threads at once. */
  @FunctionalInterface
  public interface ImageFeatures {
    /**
     * Features of some pixels.
     *
     * @param pixels indices into a plane, in any order
     * @return {@code pixels.length} rows of {@link FeatureExtractor#size()} values
     */
    float[] rows(int[] pixels);
  }

  private float[] rows(Plane[] planes, int[] pixels) {
    int features = size();
    float[] out = new float[Math.multiplyExact(pixels.length, features)];
    Scratch scratch = new Scratch();
    for (int c = 0; c < channels; c++) {
      for (int i = 0; i < pixels.length; i++) {
        describe(planes[c], scratch, pixels[i], out, i * features + c * PER_CHANNEL);
      }
    }
    if (standardization != null) {
      standardization.apply(out);
    }
    return out;
  }

  private float[] channel(Image image, int c) {
    if (channels == 1) {
      return image.grey();
    }
    int from = image.channels() == 1 ? 0 : c;
    float[] plane = new float[image.pixels()];
    System.arraycopy(image.values(), from * image.pixels(), plane, 0, plane.length);
    return plane;
  }

  private static void describe(Plane plane, Scratch scratch, int pixel, float[] out, int offset) {
    int x = pixel % plane.width();
    int y = pixel / plane.width();
    double[] means = scratch.means;
    double[] deviations = scratch.deviations;
    means[0] = plane.value(pixel);
    int at = offset;
    out[at++] = (float) means[0];
    out[at++] = (float) ((means[0] - plane.mean()) / (plane.deviation() + SOFTENING));
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
    double halfDeviation = plane.deviation() / 2 + SOFTENING;
    for (int r : THRESHOLD_RADII) {
      double distance = (means[r] - plane.threshold()) / halfDeviation;
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
