package dev.quern.train.command;

import dev.quern.train.message.BadInputException;
import picocli.CommandLine.Option;

/** From which probability on a pixel is the object. */
final class ThresholdOption {

  @Option(
      names = "--threshold",
      paramLabel = "P",
      defaultValue = "0.5",
      description = "A pixel is the object above this probability (default: ${DEFAULT-VALUE}).")
  private double threshold = 0.5;

  double value() {
    if (!(threshold >= 0 && threshold <= 1)) {
      throw new BadInputException(
          "--threshold is %s; give a probability from 0 to 1.".formatted(threshold));
    }
    return threshold;
  }
}
