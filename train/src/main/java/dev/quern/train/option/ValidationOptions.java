package dev.quern.train.option;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where images of the validation are, if it has its own. */
final class ValidationOptions {

  @Option(names = "--val-images", paramLabel = "DIR", description = "Folder of validation images.")
  private @Nullable Path images;

  @Option(names = "--val-masks", paramLabel = "DIR", description = "Folder of their masks.")
  private @Nullable Path masks;

  @Option(names = "--val-pairs", paramLabel = "FILE", description = "Or a list of both.")
  private @Nullable Path pairs;

  PlaceOptions place() {
    return new PlaceOptions("val-", images, masks, pairs);
  }
}
