package dev.quern.train.report;

import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;

/**
 * A validation image as the report shows it.
 *
 * @param name of the sample
 * @param iou how well the prediction fits this image alone
 * @param image the image, as the address of a picture that holds itself
 * @param truth the image with the rim of its true mask
 * @param prediction the image under colours for hits, extra and missed pixels
 */
public record Example(String name, double iou, String image, String truth, String prediction) {

  /**
   * Draws a sample.
   *
   * @param sample image and truth
   * @param prediction of the same size
   * @return what the report shows
   */
  public static Example of(Sample sample, Mask prediction) {
    ExamplePictures pictures = new ExamplePictures(sample, prediction);
    return new Example(
        sample.name(),
        prediction.against(sample.mask()).jaccard(0),
        pictures.image(),
        pictures.truth(),
        pictures.prediction());
  }
}
