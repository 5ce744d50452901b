package dev.quern.train.data;

/**
 * A fixed, ordered list of samples. {@link #sample} may decode a file or draw a picture, gives the
 * same sample at every call, and may be called from several threads at once.
 */
public interface Dataset {

  /**
   * How many samples there are.
   *
   * @return at least 1
   */
  int size();

  /**
   * Name of one sample, without loading it.
   *
   * @param index 0 to {@code size() - 1}
   * @return the file stem, or a made-up name for a synthetic image
   */
  String name(int index);

  /**
   * Loads one sample.
   *
   * @param index 0 to {@code size() - 1}
   * @return the image and its mask
   * @throws dev.quern.train.BadInputException when a file cannot be used
   */
  Sample sample(int index);
}
