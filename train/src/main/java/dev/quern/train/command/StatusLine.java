package dev.quern.train.command;

import java.io.Console;
import java.io.PrintStream;

/** One line on the terminal that says what is under way; nothing where there is no terminal. */
final class StatusLine {

  private static final int WIDTH = 79;

  private final PrintStream out;
  private final boolean shown = isTerminal();

  StatusLine(PrintStream out) {
    this.out = out;
  }

  @SuppressWarnings("SystemConsoleNull") // it is null in an image without the line editor
  private static boolean isTerminal() {
    Console console = System.console();
    return console != null && console.isTerminal();
  }

  void show(String text) {
    if (shown) {
      String line = text.length() > WIDTH ? text.substring(0, WIDTH) : text;
      out.print("\r" + line + " ".repeat(WIDTH - line.length()));
      out.flush();
    }
  }

  /** Makes room for what is printed next. */
  void clear() {
    if (shown) {
      out.print("\r" + " ".repeat(WIDTH) + "\r");
      out.flush();
    }
  }
}
