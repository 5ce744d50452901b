package dev.quern.train.unet;

import dev.quern.nn.tile.ChannelStandardization;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Image;
import dev.quern.train.data.Rows;
import dev.quern.train.data.Sample;
import dev.quern.train.message.BadInputException;
import java.util.ArrayList;
import java.util.List;

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

  /** Mean and deviation over all pixels of a data set, in the order of its samples. */
  static NetworkInput of(Dataset images, int channels) {
    double[] sums = new double[channels];
    double[] squares = new double[channels];
    double[] pixels = new double[1];
    for (int i = 0; i < images.size(); i++) {
      Sample sample = images.sample(i);
      Image seen = channels == 1 ? sample.image().grey() : sample.image();
      for (int c = 0; c < channels; c++) {
        int channel = c;
        Rows.read(
            seen,
            Math.min(c, seen.channels() - 1),
            (values, count) -> {
              for (int k = 0; k < count; k++) {
                sums[channel] += values[k];
                squares[channel] += (double) values[k] * values[k];
              }
            });
      }
      pixels[0] += seen.pixels();
      sample.image().close();
    }
    var mean = new ArrayList<Float>();
    var deviation = new ArrayList<Float>();
    for (int c = 0; c < channels; c++) {
      double m = sums[c] / pixels[0];
      double d = Math.sqrt(Math.max(0, squares[c] / pixels[0] - m * m));
      mean.add((float) m);
      deviation.add(d < SMALLEST ? 1 : (float) d);
    }
    return new NetworkInput(mean, deviation);
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
