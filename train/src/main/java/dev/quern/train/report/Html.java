package dev.quern.train.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Objects;

/** What the reports are put together from. */
final class Html {

  private Html() {}

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** The noun as it follows a count. */
  static String plural(long count, String noun) {
    return count == 1 ? noun : noun + "s";
  }

  /** The text of a file beside this class. */
  static String resource(String name) {
    try (InputStream in = Html.class.getResourceAsStream(name)) {
      return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A time with three digits. */
  static String time(double nanos) {
    return nanos >= 1e9
        ? threeDigits(nanos / 1e9) + " s"
        : nanos >= 1e6
            ? threeDigits(nanos / 1e6) + " ms"
            : nanos >= 1e3 ? threeDigits(nanos / 1e3) + " \u00b5s" : threeDigits(nanos) + " ns";
  }

  /** A number of elements, K being 1024. */
  static String count(long elements) {
    return elements >= 1 << 20
        ? threeDigits((double) elements / (1 << 20)) + " M"
        : elements >= 1 << 10
            ? threeDigits((double) elements / (1 << 10)) + " K"
            : String.valueOf(elements);
  }

  private static String threeDigits(double value) {
    String format = value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f";
    String digits = String.format(Locale.ROOT, format, value);
    return digits.contains(".") ? digits.replaceFirst("\\.?0+$", "") : digits;
  }
}
