package dev.quern.train.command;

import dev.quern.train.data.FirstLook;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** Shows how many images were looked at. */
final class ReadingProgress implements FirstLook.Progress, AutoCloseable {

  private final PrintWriter out;
  private @Nullable ImageProgress shown;

  ReadingProgress(PrintWriter out) {
    this.out = out;
  }

  @Override
  public void begin(int images) {
    close();
    shown = ImageProgress.ofImages(out, "reading", images);
  }

  @Override
  public void looked() {
    if (shown != null) {
      shown.step(1);
    }
  }

  @Override
  public void close() {
    if (shown != null) {
      shown.close();
      shown = null;
    }
  }
}
