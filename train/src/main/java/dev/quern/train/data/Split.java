package dev.quern.train.data;

import dev.quern.train.BadInputException;
import java.util.Arrays;

/**
 * A data set divided into a training and a validation part.
 *
 * @param train what the model learns from
 * @param validation what it is judged by
 */
public record Split(Dataset train, Dataset validation) {

  /**
   * Divides by chance; the same data set, fraction and seed always give the same parts, each in the
   * order of the source.
   *
   * @param source at least two samples
   * @param fraction share of the validation part, between 0 and 1; rounded to at least one sample
   *     on either side
   * @param seed of the draw
   * @return the two parts
   * @throws BadInputException when the source has fewer than two samples or the fraction is outside
   *     (0, 1)
   */
  public static Split random(Dataset source, double fraction, long seed) {
    if (!(fraction > 0 && fraction < 1)) {
      throw new BadInputException(
          "--val-fraction is %s; give a number between 0 and 1, such as 0.2.".formatted(fraction));
    }
    int size = source.size();
    if (size < 2) {
      throw new BadInputException(
          "A single image cannot be divided into training and validation;"
              + " give more images, or --val-images and --val-masks.");
    }
    int held = Math.clamp(Math.round(size * fraction), 1, size - 1);
    int[] order = Shuffle.order(size, seed, 0);
    int[] validation = Arrays.copyOf(order, held);
    int[] train = Arrays.copyOfRange(order, held, size);
    Arrays.sort(validation);
    Arrays.sort(train);
    return new Split(new SubsetDataset(source, train), new SubsetDataset(source, validation));
  }
}
