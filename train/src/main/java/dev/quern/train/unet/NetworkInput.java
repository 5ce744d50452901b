package dev.quern.train.unet;

import dev.quern.nn.tile.ChannelStandardization;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Image;
import dev.quern.train.data.Rows;
import dev.quern.train.data.Sample;
import dev.quern.train.message.BadInputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a network sees of an image: planes standardised by the training images. A grey image stands
 * in for any number of equal channels, and any image for one channel by the mean of its own.
 *
 * @param mean of each channel over all pixels of the training images
 * @param deviation of each channel, above 0
 */
record NetworkInput(List<Float> mean, List<Float> deviation) {

  /** A channel that hardly varies is left at its scale. */
  private static final double SMALLEST = 1e-6;

  NetworkInput {
    mean = List.copyOf(mean);
    deviation = List.copyOf(deviation);
  }

  int channels() {
    return mean.size();
  }

  /**
   * Mean and deviation over all pixels of a data set. The sums of its samples are added in their
   * order, however many threads read them.
   */
  static NetworkInput of(Dataset images, int channels, Prefetch prefetch) {
    List<Sums> all = new ArrayList<>(Collections.nCopies(channels, Sums.NONE));
    Iterator<List<Sums>> samples =
        prefetch.inOrder(
            IntStream.range(0, images.size()).mapToObj(i -> () -> sums(images.sample(i), channels)),
            images.largestSample());
    while (samples.hasNext()) {
      List<Sums> sample = samples.next();
      for (int c = 0; c < channels; c++) {
        all.set(c, all.get(c).plus(sample.get(c)));
      }
    }
    return new NetworkInput(
        all.stream().map(Sums::mean).toList(), all.stream().map(Sums::deviation).toList());
  }

  private static List<Sums> sums(Sample sample, int channels) {
    Image seen = channels == 1 ? sample.image().grey() : sample.image();
    List<Sums> sums = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      sums.add(
          c < seen.channels() ? Sums.of(seen, c) : sums.getLast()); // grey stands for each colour
    }
    sample.image().close();
    return sums;
  }

  /** Of the values of one channel. */
  private record Sums(double values, double squares, long count) {
    static final Sums NONE = new Sums(0, 0, 0);

    static Sums of(Image image, int channel) {
      double[] sums = new double[2];
      Rows.read(
          image,
          channel,
          (values, count) -> {
            for (int k = 0; k < count; k++) {
              sums[0] += values[k];
              sums[1] += (double) values[k] * values[k];
            }
          });
      return new Sums(sums[0], sums[1], image.pixels());
    }

    Sums plus(Sums other) {
      return new Sums(values + other.values, squares + other.squares, count + other.count);
    }

    float mean() {
      return (float) (values / count);
    }

    float deviation() {
      double mean = values / count;
      double d = Math.sqrt(Math.max(0, squares / count - mean * mean));
      return d < SMALLEST ? 1 : (float) d;
    }
  }

  /**
   * Checks that an image has channels that the network takes.
   *
   * @throws BadInputException when it has others
   */
  void require(Sample sample) {
    int given = sample.image().channels();
    if (channels() != 1 && given != 1 && given != channels()) {
      throw new BadInputException(
          "%s has %d channels, but the model was trained on images of %d; give images of as many."
              .formatted(sample.name(), given, channels()));
    }
  }

  /**
   * Reads a region, plane after plane. What lies outside the image is reflected at its border.
   *
   * @param image the picture
   * @param x first column, may be below 0
   * @param y first row, may be below 0
   * @param width columns
   * @param height rows
   * @param into gets channels * height * width values
   * @param offset of the first
   */
  void read(Image image, int x, int y, int width, int height, float[] into, int offset) {
    Image seen = channels() == 1 ? image.grey() : image;
    new ChannelStandardization(mean, deviation).read(seen, x, y, width, height, into, offset);
  }
}
