package dev.quern.train.run;

import dev.quern.train.data.CachedDataset;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.FolderDataset;
import dev.quern.train.data.Split;
import dev.quern.train.data.SyntheticMicroscopy;
import java.nio.file.Path;

/** Opens the training and validation images that a configuration names. */
public final class TrainingData {

  /** Far from the numbers of any training set, so that no picture is in both. */
  private static final long FIRST_VALIDATION_PICTURE = 1L << 32;

  private TrainingData() {}

  /**
   * Opens both parts; decoded images stay in memory while they fit into a quarter of the heap.
   *
   * @param config where the images come from
   * @param seed of synthetic images and of the division
   * @return training and validation images
   * @throws dev.quern.train.BadInputException when a folder cannot be used
   */
  public static Split open(RunConfig.DataConfig config, long seed) {
    Split split = split(config, seed);
    long budget = Runtime.getRuntime().maxMemory() / 4;
    long trainShare =
        (long) (budget * (double) split.train().size())
            / (split.train().size() + split.validation().size());
    return new Split(
        new CachedDataset(split.train(), trainShare),
        new CachedDataset(split.validation(), budget - trainShare));
  }

  private static Split split(RunConfig.DataConfig config, long seed) {
    if (config.images() == null || config.masks() == null) {
      int validation = Math.max(1, (int) Math.round(config.synthetic() * config.valFraction()));
      return new Split(
          new SyntheticMicroscopy(config.synthetic(), seed, 0),
          new SyntheticMicroscopy(validation, seed, FIRST_VALIDATION_PICTURE));
    }
    Dataset images = FolderDataset.open(Path.of(config.images()), Path.of(config.masks()));
    if (config.valImages() == null || config.valMasks() == null) {
      return Split.random(images, config.valFraction(), seed);
    }
    return new Split(
        images, FolderDataset.open(Path.of(config.valImages()), Path.of(config.valMasks())));
  }
}
