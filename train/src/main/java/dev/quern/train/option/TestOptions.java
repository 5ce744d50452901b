package dev.quern.train.option;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where images of the test are, if it has its own. */
final class TestOptions {

  @Option(
      names = "--test-images",
      paramLabel = "DIR",
      description = "Folder of test images, which are scored once at the end.")
  private @Nullable Path images;

  @Option(names = "--test-masks", paramLabel = "DIR", description = "Folder of their masks.")
  private @Nullable Path masks;

  @Option(names = "--test-pairs", paramLabel = "FILE", description = "Or a list of both.")
  private @Nullable Path pairs;

  PlaceOptions place() {
    return new PlaceOptions("test-", images, masks, pairs);
  }
}
