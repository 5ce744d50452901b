package dev.quern.train.fuzz;

import dev.quern.train.message.BadInputException;
import dev.quern.train.run.RunConfig;
import java.nio.charset.StandardCharsets;

/** Reads any text as a run's configuration: it is refused with a sentence, or can be told. */
public final class ConfigFuzzTarget {

  private ConfigFuzzTarget() {}

  /**
   * Reads one input.
   *
   * @param data the text in UTF-8; what is none becomes replacement characters
   */
  public static void fuzzerTestOneInput(byte[] data) {
    try {
      RunConfig.parse(new String(data, StandardCharsets.UTF_8)).describe();
    } catch (BadInputException e) {
      SafetensorsFuzzTarget.requireOneLine(e);
    }
  }
}
