package dev.quern.train.option;

import dev.quern.train.data.listing.DataSource;
import dev.quern.train.message.BadInputException;
import dev.quern.train.run.DataConfig;
import dev.quern.train.run.RunConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** Checks that what is said of a run that goes on is what it was started with. */
final class SameSettings {

  private SameSettings() {}

  /**
   * Holds each option that is given against the run's own setting: one that only repeats it may be
   * given.
   *
   * @throws BadInputException when an option says something else, with both values
   */
  static void require(RunConfig saved, ParseResult given) {
    Map<String, String> before = saved.describe();
    for (OptionSpec option : given.matchedOptions()) {
      Setting setting = RunOptions.setting(option);
      if (setting == null) {
        continue;
      }
      String was = before.get(setting.value());
      String is = text(option.getValue());
      if (was == null
          ? makesAnotherRun(saved, before, option, setting.value())
          : !was.strip().equals(is)) {
        throw new BadInputException(
            "%s is %s, but the run was started %s, and --resume changes no setting; leave it out or start a new run."
                .formatted(option.longestName(), is, was == null ? "without it" : "with " + was));
      }
    }
  }

  /**
   * Whether an option that the run has no value of would count beside all that it has. The power of
   * a schedule that has none does not, and is not kept, so that it may be said again.
   */
  private static boolean makesAnotherRun(
      RunConfig saved, Map<String, String> before, OptionSpec option, String key) {
    RunOptions options = new RunOptions();
    CommandLine line = new CommandLine(options).setCaseInsensitiveEnumValuesAllowed(true);
    List<String> words = new ArrayList<>();
    words.add("--epochs=" + saved.epochs());
    words.add(option.longestName() + "=" + text(option.getValue()));
    for (OptionSpec other : line.getCommandSpec().options()) {
      Setting setting = RunOptions.setting(other);
      String was = setting == null ? null : before.get(setting.value());
      if (was != null) {
        words.add(other.longestName() + "=" + was);
      }
    }
    DataConfig places = saved.data();
    try {
      ParseResult all = line.parseArgs(words.toArray(String[]::new));
      return options
          .config(all, null, places.train(), places.validation(), places.test())
          .describe()
          .containsKey(key);
    } catch (BadInputException _) {
      return true; // no run at all
    }
  }

  /** A value as {@code config.json} has it. */
  private static String text(@Nullable Object value) {
    return switch (value) {
      case DataSource.Layout layout -> DataConfig.word(layout);
      case List<?> list -> list.stream().map(String::valueOf).collect(Collectors.joining(","));
      case null, default -> String.valueOf(value).strip();
    };
  }
}
