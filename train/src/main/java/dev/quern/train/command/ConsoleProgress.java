package dev.quern.train.command;

import dev.quern.train.run.EpochMetrics;
import dev.quern.train.trainer.TrainingListener;
import java.io.Console;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows a training: a bar on a terminal, one line per epoch elsewhere. */
final class ConsoleProgress implements TrainingListener, AutoCloseable {

  private final PrintWriter out;
  private final @Nullable PrintStream terminal;
  private final Runnable begun;
  private int epochs;
  private @Nullable ProgressBar bar;

  /**
   * Shows progress.
   *
   * @param out gets the lines
   * @param terminal gets the bar; null when there is none
   * @param begun is run when the training begins
   */
  ConsoleProgress(PrintWriter out, @Nullable PrintStream terminal, Runnable begun) {
    this.out = out;
    this.terminal = terminal;
    this.begun = begun;
  }

  /** The terminal behind the error stream, if a person is likely to look at it. */
  @SuppressWarnings("SystemConsoleNull") // from JDK 25 on it is null again without a terminal
  static @Nullable PrintStream terminal() {
    if (System.getProperty("quern.stderr") != null) {
      return System.err;
    }
    Console console = System.console();
    return console != null && console.isTerminal() ? System.err : null;
  }

  @Override
  public void start(int epochsBefore, int epochs, int stepsPerEpoch) {
    this.epochs = epochs;
    begun.run();
    if (terminal != null) {
      bar =
          ProgressBar.builder()
              .setTaskName("training")
              .setInitialMax((long) epochs * stepsPerEpoch)
              .startsFrom((long) epochsBefore * stepsPerEpoch, Duration.ZERO)
              .setStyle(ProgressBarStyle.UNICODE_BLOCK)
              .setUpdateIntervalMillis(200)
              .setConsumer(new ConsoleProgressBarConsumer(terminal))
              .build();
    } else {
      out.println("epoch  lr        loss train / val  IoU train / val   time");
      out.flush();
    }
  }

  @Override
  public void step(int epoch, double loss) {
    if (bar != null) {
      bar.step();
    }
  }

  @Override
  public void epoch(EpochMetrics metrics) {
    if (bar != null) {
      bar.setExtraMessage(
          String.format(Locale.ROOT, " loss %.4f, IoU %.4f", metrics.valLoss(), metrics.valIou()));
    } else {
      out.printf(
          Locale.ROOT,
          "%2d/%-3d %.2e  %.4f / %.4f   %.4f / %.4f   %.1f s%n",
          metrics.epoch(),
          epochs,
          metrics.learningRate(),
          metrics.trainLoss(),
          metrics.valLoss(),
          metrics.trainIou(),
          metrics.valIou(),
          metrics.seconds());
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
