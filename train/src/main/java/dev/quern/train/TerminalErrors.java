package dev.quern.train;

import java.io.FileNotFoundException;
import java.io.FileOutputStream;
import java.io.PrintStream;

/**
 * Where the launcher put the terminal. It filters what the JVM itself prints to the error stream,
 * in order to drop the line about the incubating Vector API, and names the terminal in {@code
 * quern.stderr}: written there, errors and progress appear at once and in order.
 */
final class TerminalErrors {

  private TerminalErrors() {}

  /** Makes it {@link System#err}; does nothing when no launcher named one. */
  static void use() {
    String terminal = System.getProperty("quern.stderr");
    if (terminal == null) {
      return;
    }
    try {
      System.setErr(new PrintStream(new FileOutputStream(terminal), true, System.err.charset()));
    } catch (FileNotFoundException _) {
      // Another user's terminal cannot be opened again; the filter passes everything on.
    }
  }
}
