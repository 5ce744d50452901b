package dev.quern.train;

import java.io.PrintWriter;
import java.io.StringWriter;

/**
 * The outcome of a command line run inside the test's process.
 *
 * @param code exit code
 * @param out what went to the output stream
 * @param err what went to the error stream
 */
record Quern(int code, String out, String err) {

  static Quern run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = String.valueOf(args[i]);
    }
    int code = Main.run(new PrintWriter(out), new PrintWriter(err), words);
    return new Quern(code, out.toString(), err.toString());
  }

  /** The best validation IoU that a training printed. */
  double iou() {
    return number("Best validation IoU ");
  }

  /** The IoU of Otsu's threshold that a training printed. */
  double otsu() {
    return number("Baseline, Otsu's threshold per image: IoU ");
  }

  private double number(String after) {
    int from = out.indexOf(after) + after.length();
    if (from < after.length()) {
      throw new AssertionError(out + err);
    }
    return Double.parseDouble(out.substring(from).split("[\\s,]", 2)[0]);
  }
}
