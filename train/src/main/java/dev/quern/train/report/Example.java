package dev.quern.train.report;

import dev.quern.train.data.Mask;
import dev.quern.train.data.Sample;

/**
 * A validation image with what the model made of it.
 *
 * @param sample image and truth
 * @param prediction of the same size
 */
public record Example(Sample sample, Mask prediction) {

  /**
   * How well the prediction fits this image alone.
   *
   * @return intersection over union
   */
  public double iou() {
    return prediction.against(sample.mask()).jaccard(0);
  }
}
