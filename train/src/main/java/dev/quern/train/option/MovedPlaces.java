package dev.quern.train.option;

import dev.quern.train.message.BadInputException;
import dev.quern.train.run.DataConfig;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the images of a run are now, if they were moved since it was started. */
public final class MovedPlaces {

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Where the training images are now, if they were moved.")
  private @Nullable Path images;

  @Option(names = "--masks", paramLabel = "DIR", description = "Where their masks are now.")
  private @Nullable Path masks;

  @Option(names = "--pairs", paramLabel = "FILE", description = "Where the list of both is now.")
  private @Nullable Path pairs;

  @Option(
      names = "--val-images",
      paramLabel = "DIR",
      description = "Where the validation images are now.")
  private @Nullable Path valImages;

  @Option(names = "--val-masks", paramLabel = "DIR", description = "Where their masks are now.")
  private @Nullable Path valMasks;

  @Option(
      names = "--val-pairs",
      paramLabel = "FILE",
      description = "Where the list of both is now.")
  private @Nullable Path valPairs;

  @Option(
      names = "--test-images",
      paramLabel = "DIR",
      description = "Where the test images are now.")
  private @Nullable Path testImages;

  @Option(names = "--test-masks", paramLabel = "DIR", description = "Where their masks are now.")
  private @Nullable Path testMasks;

  @Option(
      names = "--test-pairs",
      paramLabel = "FILE",
      description = "Where the list of both is now.")
  private @Nullable Path testPairs;

  /** For picocli. */
  public MovedPlaces() {}

  /**
   * The same images where they are now.
   *
   * @param before of the run
   * @return places that are not given stay
   * @throws BadInputException when one is given that the run was started without, or by halves
   */
  public DataConfig of(DataConfig before) {
    return moved(
        before,
        new PlaceOptions("", images, masks, pairs),
        new PlaceOptions("val-", valImages, valMasks, valPairs),
        new PlaceOptions("test-", testImages, testMasks, testPairs));
  }

  /** The same images at the places that are given. */
  static DataConfig moved(
      DataConfig before, PlaceOptions train, PlaceOptions validation, PlaceOptions test) {
    return before.at(
        train.moved(before.train(), before.reading()),
        validation.moved(before.validation(), before.reading()),
        test.moved(before.test(), before.reading()));
  }
}
