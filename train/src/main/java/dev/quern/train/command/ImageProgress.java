package dev.quern.train.command;

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
  private final long pixels;
  private final @Nullable ProgressBar bar;
  private long done;
  private long lastLine = System.nanoTime();

  /**
   * Nothing is done yet.
   *
   * @param out gets the lines
   * @param task what is under way
   * @param pixels of all images
   */
  ImageProgress(PrintWriter out, String task, long pixels) {
    this.out = out;
    this.task = task;
    this.pixels = pixels;
    var terminal = ConsoleProgress.terminal();
    this.bar =
        terminal == null
            ? null
            : ProgressBar.builder()
                .setTaskName(task)
                .setInitialMax(pixels)
                .setUnit(" MP", 1_000_000)
                .setStyle(ProgressBarStyle.UNICODE_BLOCK)
                .setUpdateIntervalMillis(200)
                .setConsumer(new ConsoleProgressBarConsumer(terminal))
                .build();
  }

  /**
   * Something is done.
   *
   * @param more pixels
   */
  void step(long more) {
    done += more;
    if (bar != null) {
      bar.stepTo(done);
    } else if (done < pixels && System.nanoTime() - lastLine > NANOS_BETWEEN_LINES) {
      lastLine = System.nanoTime();
      out.printf(Locale.ROOT, "%s: %d %%%n", task, 100 * done / pixels);
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
