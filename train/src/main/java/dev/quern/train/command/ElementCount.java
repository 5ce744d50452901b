package dev.quern.train.command;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads numbers of elements such as {@code 1000}, {@code 64K} and {@code 4M}, K being 1024. */
final class ElementCount implements ITypeConverter<Integer> {

  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([KM]?)");

  private static final int MOST = 1 << 28;

  ElementCount() {}

  @Override
  public Integer convert(String text) {
    Matcher matcher = FORM.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (matcher.matches()) {
      long unit =
          switch (matcher.group(2)) {
            case "K" -> 1 << 10;
            case "M" -> 1 << 20;
            default -> 1;
          };
      long count = Long.parseLong(matcher.group(1)) * unit;
      if (count >= 1 && count <= MOST) {
        return (int) count;
      }
    }
    throw new TypeConversionException(
        "'" + text + "' is not a number of elements between 1 and 256M, such as 1000, 64K or 4M.");
  }
}
