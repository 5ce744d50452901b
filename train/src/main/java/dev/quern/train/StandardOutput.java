package dev.quern.train;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** The standard output, which remembers why it took no more: print streams forget it. */
final class StandardOutput extends OutputStream {

  /** What shells report of a program that the signal of a closed pipe ended. */
  private static final int CLOSED_PIPE = 141;

  private static final int FAILED = 1;

  private final OutputStream out = new FileOutputStream(FileDescriptor.out);
  private @Nullable IOException failure;

  /** Makes a new one {@link System#out}. */
  static StandardOutput use() {
    StandardOutput output = new StandardOutput();
    System.setOut(new PrintStream(output, true, System.out.charset()));
    return output;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) throws IOException {
    try {
      out.write(bytes, from, length);
    } catch (IOException e) {
      failure = failure == null ? e : failure;
      throw e;
    }
  }

  /**
   * What a command ends with: its own code if that says failure, or the fate of what it wrote. A
   * reader that has seen enough, such as {@code head}, is no reason for a sentence.
   */
  int exitCode(int code, PrintWriter err) {
    if (failure == null || code != 0) {
      return code;
    }
    String reason = String.valueOf(failure.getMessage());
    if (reason.equals("Broken pipe")) {
      return CLOSED_PIPE;
    }
    err.println("quern: Cannot write the output: " + reason + "; free space or send it elsewhere.");
    return FAILED;
  }
}
