package dev.quern.train.command;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a time such as {@code 90s}, {@code 30m}, {@code 1.5h}, {@code 2d} or {@code 12:00:00}. */
final class DurationConverter implements ITypeConverter<Duration> {

  private static final Pattern UNIT = Pattern.compile("(\\d+(?:\\.\\d+)?)([smhd])");
  private static final Pattern CLOCK = Pattern.compile("(?:(\\d+)-)?(\\d+):(\\d\\d):(\\d\\d)");

  @Override
  public Duration convert(String value) {
    Matcher unit = UNIT.matcher(value);
    if (unit.matches()) {
      double seconds =
          Double.parseDouble(unit.group(1))
              * switch (unit.group(2)) {
                case "s" -> 1;
                case "m" -> 60;
                case "h" -> 3600;
                default -> 86_400;
              };
      if (seconds > 0 && seconds < 1e9) {
        return Duration.ofMillis(Math.round(1000 * seconds));
      }
    }
    Matcher clock = CLOCK.matcher(value);
    if (clock.matches()) {
      long days = clock.group(1) == null ? 0 : Long.parseLong(clock.group(1));
      return Duration.ofDays(days)
          .plusHours(Long.parseLong(clock.group(2)))
          .plusMinutes(Long.parseLong(clock.group(3)))
          .plusSeconds(Long.parseLong(clock.group(4)));
    }
    throw new TypeConversionException(
        "'%s' is no time; give one such as 90s, 30m, 1.5h or 12:00:00".formatted(value));
  }
}
