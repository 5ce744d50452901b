package dev.quern.train.data;

import org.jspecify.annotations.Nullable;

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
   * What one sample belongs to, without loading it.
   *
   * @param index 0 to {@code size() - 1}
   * @return a patient, slide or the like, whose samples stay together; null for none
   */
  default @Nullable String group(int index) {
    return null;
  }

  /**
   * What the largest sample takes in the heap, without loading it.
   *
   * @return bytes, at least as many as any image with its mask takes
   */
  long largestSample();

  /**
   * Loads one sample.
   *
   * @param index 0 to {@code size() - 1}
   * @return the image and its mask
   * @throws dev.quern.train.message.BadInputException when a file cannot be used
   */
  Sample sample(int index);
}
