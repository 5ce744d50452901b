package dev.quern.train.run;

import dev.quern.train.message.BadInputException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Checks that a run goes on with the images it was started with. */
public final class SameData {

  private SameData() {}

  /**
   * Compares images with those of before.
   *
   * @param before of the run; without identity it was not started with folders, or not yet looked
   *     at them
   * @param now of the images there are; null of synthetic ones
   * @param run folder of the run
   * @throws BadInputException when they are others
   */
  public static void require(DataConfig before, DataConfig.@Nullable Identity now, Path run) {
    DataConfig.Identity then = before.identity();
    if (then == null || now == null || then.equals(now)) {
      return;
    }
    throw new BadInputException(
        then.samples() != now.samples()
            ? "The run in %s was started with %d samples, but there are %d now; put back what it had, or start a new run."
                .formatted(run, then.samples(), now.samples())
            : "The run in %s was started with %d samples of other names, groups or file sizes; put back what it had, or start a new run."
                .formatted(run, then.samples()));
  }
}
