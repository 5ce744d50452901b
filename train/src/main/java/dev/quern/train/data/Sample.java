package dev.quern.train.data;

import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskFacts;
import java.util.List;

/**
 * An image with its mask.
 *
 * @param name the file's name without its ending, or a made-up name for a synthetic image
 * @param image the picture
 * @param mask the truth, of the same size as the image; 0 x 0 where none is known
 * @param facts what was seen in the mask's files
 * @param warnings what was wrong with the files and tolerated, a sentence each
 */
public record Sample(String name, Image image, Mask mask, MaskFacts facts, List<String> warnings) {

  /** Copies the warnings. */
  public Sample {
    warnings = List.copyOf(warnings);
  }

  /**
   * A sample that comes from no file.
   *
   * @param name its name
   * @param image the picture
   * @param mask the truth
   */
  public Sample(String name, Image image, Mask mask) {
    this(name, image, mask, MaskFacts.of(mask), List.of());
  }
}
