package dev.quern.train;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.OverwrittenOptionException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What is wrong with a command line: one sentence, and the help to read on in.
 *
 * @param fault what the parser found
 */
record CommandLineFault(ParameterException fault) {

  private static final String WHOLE = "a whole number";
  private static final String NUMBER = "a number, such as 0.5";

  /** What options of these types take; others say it themselves. */
  private static final Map<Class<?>, String> KINDS =
      Map.of(
          int.class,
          WHOLE,
          Integer.class,
          WHOLE,
          long.class,
          WHOLE,
          Long.class,
          WHOLE,
          double.class,
          NUMBER,
          Double.class,
          NUMBER);

  String sentence() {
    return switch (fault) {
      case UnmatchedArgumentException e -> unmatched(e.getUnmatched());
      case OverwrittenOptionException e ->
          "%s is given twice; give it once.".formatted(name(e.getOverwritten()));
      case MissingParameterException e -> missing(e);
      default -> value();
    };
  }

  /** The command that was wrongly called, not the whole program. */
  String help() {
    return command().getCommandSpec().qualifiedName() + " --help";
  }

  private CommandLine command() {
    return fault.getCommandLine();
  }

  /** An option that is wrongly spelled is the likelier cause of one that is missing. */
  private String missing(MissingParameterException e) {
    List<String> unmatched = command().getUnmatchedArguments();
    if (!unmatched.isEmpty()) {
      return unmatched(unmatched);
    }
    if (!String.valueOf(e.getMessage()).startsWith("Missing required option")) {
      return "%s has no value; write %1$s %s."
          .formatted(name(e.getMissing().getFirst()), e.getMissing().getFirst().paramLabel());
    }
    return "%s needs %s."
        .formatted(
            command().getCommandSpec().name(),
            e.getMissing().stream()
                .map(argument -> name(argument) + " " + argument.paramLabel())
                .collect(Collectors.joining(" and ")));
  }

  private String unmatched(List<String> words) {
    String word = words.getFirst().split("=", 2)[0];
    String command = command().getCommandSpec().name();
    if (word.startsWith("-")) {
      return "%s has no option %s%s".formatted(command, word, suggestion(word, options()));
    }
    Map<String, CommandLine> commands = command().getSubcommands();
    return commands.isEmpty()
        ? "%s takes no argument '%s' without an option before it%s"
            .formatted(command, words.getFirst(), suggestion(word, options()))
        : noCommand(word, commands);
  }

  private static String noCommand(String word, Map<String, CommandLine> commands) {
    return "There is no command %s%s".formatted(word, suggestion(word, commands.keySet().stream()));
  }

  private Stream<String> options() {
    return command().getCommandSpec().options().stream().map(OptionSpec::names).flatMap(Stream::of);
  }

  private static String suggestion(String word, Stream<String> names) {
    String bare = bare(word);
    return names
        .filter(name -> distance(bare, bare(name)) <= (bare.length() + 1) / 3)
        .min(Comparator.comparingInt(name -> distance(bare, bare(name))))
        .map(name -> "; did you mean %s?".formatted(name))
        .orElse(".");
  }

  /** Who writes the beginning of a name means the name. */
  private static int distance(String word, String name) {
    return name.startsWith(word) && !name.equals(word) ? 1 : EditDistance.between(word, name);
  }

  private static String bare(String name) {
    return name.replaceFirst("^-+", "").toLowerCase(Locale.ROOT);
  }

  private String value() {
    ArgSpec argument = fault.getArgSpec();
    String message = String.valueOf(fault.getMessage());
    if (argument == null) {
      return message.startsWith("Unknown subcommand")
          ? noCommand(fault.getValue(), command().getSubcommands())
          : message;
    }
    Class<?> type = argument.auxiliaryTypes()[0];
    String kind =
        type.isEnum()
            ? "one of "
                + Stream.of(type.getEnumConstants())
                    .map(String::valueOf)
                    .collect(Collectors.joining(", "))
            : KINDS.get(type);
    if (argument.converters().length == 0 && kind != null) {
      return "%s is '%s'; give %s.".formatted(name(argument), fault.getValue(), kind);
    }
    return fault.getCause() instanceof TypeConversionException e
        ? "%s %s".formatted(name(argument), e.getMessage())
        : message;
  }

  private static String name(ArgSpec argument) {
    return argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
  }
}
