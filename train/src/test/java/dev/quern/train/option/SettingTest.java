package dev.quern.train.option;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.train.run.RunConfig;
import dev.quern.train.run.SchedulerConfig;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;

/** Options and {@code config.json} name the same settings. */
class SettingTest {

  /** What {@code --resume} may change. */
  private static final Set<String> FREE =
      Set.of("backend", "epochs", "data.images", "data.masks", "data.valImages", "data.valMasks");

  @Command
  static final class Train {
    @Mixin RunOptions options = new RunOptions();
  }

  @Test
  void everySettingIsOneOptionAndEveryMarkedOptionIsASetting() {
    Set<String> marked = new TreeSet<>();
    for (OptionSpec option : new CommandLine(new Train()).getCommandSpec().options()) {
      if (option.userObject() instanceof Field field && field.isAnnotationPresent(Setting.class)) {
        marked.add(field.getAnnotation(Setting.class).value());
      }
    }
    Set<String> written = new TreeSet<>();
    List<List<String>> calls =
        new ArrayList<>(
            List.of(
                List.of("--images", "i", "--masks", "m", "--val-images", "v", "--val-masks", "w"),
                List.of("--images", "i", "--mask-suffix", "_m", "--fold", "1/2"),
                List.of("--images", "i", "--masks", "m", "--test-fraction", "0.1"),
                List.of("--images", "i", "--masks", "m", "--group-by", "folder"),
                List.of("--images", "i", "--masks", "m", "--ignore-value", "7")));
    for (SchedulerConfig.Kind kind : SchedulerConfig.Kind.values()) {
      calls.add(List.of("--scheduler", kind.name()));
    }
    for (List<String> call : calls) {
      Train train = new Train();
      CommandLine line = new CommandLine(train).setCaseInsensitiveEnumValuesAllowed(true);
      var given = line.parseArgs(call.toArray(String[]::new));
      RunConfig config = train.options.config(given, null);
      written.addAll(config.describe().keySet());
      // what a run makes no use of is not written, so it is what was read that is read again whole
      RunConfig read = RunConfig.parse(config.toJson().toString());
      assertEquals(config.describe(), read.describe());
      assertEquals(read, RunConfig.parse(read.toJson().toString()));
    }
    written.removeAll(FREE);
    assertEquals(written, marked);
  }
}
