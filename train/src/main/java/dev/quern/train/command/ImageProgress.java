package dev.quern.train.command;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how far a walk through images is: a bar on a terminal, a line now and then elsewhere. */
final class ImageProgress implements AutoCloseable {

  private static final long NANOS_BETWEEN_LINES = 10_000_000_000L;

  private final PrintWriter out;
  private final String task;
  private final long total;
  private final @Nullable ProgressBar bar;
  private long done;
  private long lastLine = System.nanoTime();

  private ImageProgress(PrintWriter out, String task, long total, String unit, long unitSize) {
    this.out = out;
    this.task = task;
    this.total = total;
    PrintStream terminal = ConsoleProgress.terminal();
    this.bar =
        terminal == null
            ? null
            : ProgressBar.builder()
                .setTaskName(task)
                .setInitialMax(total)
                .setUnit(unit, unitSize)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(200)
                .setConsumer(new ConsoleProgressBarConsumer(terminal))
                .build();
  }

  /**
   * A walk that is counted in images.
   *
   * @param out gets the lines
   * @param task what is under way
   * @param images how many there are
   */
  static ImageProgress ofImages(PrintWriter out, String task, long images) {
    return new ImageProgress(out, task, images, "", 1);
  }

  /**
   * A walk that is counted in pixels.
   *
   * @param out gets the lines
   * @param task what is under way
   * @param pixels of all images
   */
  static ImageProgress ofPixels(PrintWriter out, String task, long pixels) {
    return new ImageProgress(out, task, pixels, " MP", 1_000_000);
  }

  /**
   * Something is done.
   *
   * @param more images or pixels
   */
  void step(long more) {
    done += more;
    if (bar != null) {
      bar.stepTo(done);
    } else if (done < total && System.nanoTime() - lastLine > NANOS_BETWEEN_LINES) {
      lastLine = System.nanoTime();
      out.printf(Locale.ROOT, "%s: %d %%%n", task, 100 * done / total);
      out.flush();
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
