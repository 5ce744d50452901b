package dev.quern.opencl.host;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The lines of a source that a compiler complains about, numbered, with some around them. */
final class SourceExcerpt {
  /** As compilers write places: file, line and column, each behind a colon. */
  private static final Pattern PLACE = Pattern.compile(":(\\d+):\\d+: *(?:fatal )?error");

  /** The first place in each line, whatever it is called. */
  private static final Pattern ANY_PLACE = Pattern.compile("(?m)^.*?:(\\d+):\\d+\\b.*$");

  private static final int AROUND = 4;

  private SourceExcerpt() {}

  /**
   * Cuts the lines out.
   *
   * @param source what was compiled
   * @param log what the compiler said; if no place can be read in it, the whole source is shown
   */
  static String of(String source, String log) {
    String[] lines = source.split("\n", -1);
    boolean[] shown = new boolean[lines.length];
    boolean found = mark(PLACE.matcher(log), shown) || mark(ANY_PLACE.matcher(log), shown);
    var text = new StringBuilder();
    for (int i = 0; i < lines.length; i++) {
      if (shown[i] || !found) {
        if (found && i > 0 && !shown[i - 1]) {
          text.append("      ...\n");
        }
        text.append("%5d  %s\n".formatted(i + 1, lines[i]));
      }
    }
    return text.toString().stripTrailing();
  }

  private static boolean mark(Matcher place, boolean[] shown) {
    boolean found = false;
    while (place.find()) {
      // a place in a file that the compiler itself brings may lie behind the end
      long line = Long.parseLong(place.group(1));
      if (line >= 1 && line <= shown.length) {
        found = true;
        int first = (int) Math.max(1, line - AROUND);
        int last = (int) Math.min(shown.length, line + AROUND);
        for (int i = first; i <= last; i++) {
          shown[i - 1] = true;
        }
      }
    }
    return found;
  }
}
