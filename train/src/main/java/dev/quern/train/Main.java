package dev.quern.train;

import dev.quern.BackendUnavailableException;
import dev.quern.DeviceException;
import dev.quern.train.bundle.BundleCommand;
import dev.quern.train.command.BenchCommand;
import dev.quern.train.command.DevicesCommand;
import dev.quern.train.command.EvaluateCommand;
import dev.quern.train.command.PredictCommand;
import dev.quern.train.command.ReportCommand;
import dev.quern.train.command.SelftestCommand;
import dev.quern.train.command.TrainCommand;
import dev.quern.train.message.BadInputException;
import dev.quern.train.trainer.DivergedException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code quern} command line. Exit codes: 0 done, 1 failed, 2 the input cannot be worked with,
 * 141 done, but the reader of the output closed the pipe before its end. Errors are one sentence on
 * the error stream; {@code --debug} adds the stack trace.
 */
@Command(
    name = "quern",
    description = "Fused training kernels on CPU and GPU: devices, checks, training, prediction.",
    mixinStandardHelpOptions = true,
    version = "quern 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "  0:done",
      "  1:failed",
      "  2:what was given cannot be worked with",
      "141:the reader of the output left before its end",
    },
    subcommands = {
      DevicesCommand.class,
      SelftestCommand.class,
      BenchCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      ReportCommand.class,
      BundleCommand.class,
      HelpCommand.class
    })
public final class Main implements Runnable {

  /** Held here, because a logger nobody holds forgets its level. */
  private static final Logger LOG = Logger.getLogger("dev.quern");

  private static final int FAILED = 1;
  private static final int BAD_INPUT = 2;

  @Spec private CommandSpec spec;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of an error.")
  private boolean debug;

  @SuppressWarnings("NullAway.Init")
  private Main() {}

  /**
   * Runs a command and ends the process with its exit code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    ErrorStream.restore();
    // Numbers are the same for every reader, and for programs.
    Locale.setDefault(Locale.ROOT);
    quietLog();
    StandardOutput output = StandardOutput.use();
    PrintWriter err = writer(System.err);
    System.exit(output.exitCode(run(writer(System.out), err, args), err));
  }

  /** Warnings in one line; the choice of the backend is said by the commands themselves. */
  private static void quietLog() {
    String format = "java.util.logging.SimpleFormatter.format";
    if (System.getProperty(format) == null) {
      System.setProperty(format, "quern: %5$s%n");
      LOG.setLevel(Level.WARNING);
    }
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(stream, true, stream.charset());
  }

  /**
   * Runs a command.
   *
   * @param out gets results
   * @param err gets errors
   * @param args the command line
   * @return the exit code
   */
  static int run(PrintWriter out, PrintWriter err, String... args) {
    Main main = new Main();
    CommandLine quern = main.commandLine(out, err);
    try {
      return quern.execute(args);
    } catch (Error e) {
      return main.report(e, err);
    } finally {
      out.flush();
    }
  }

  private CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(this)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(Path.class, new PathValue())
        // A folder may be named @scans.
        .setExpandAtFiles(false)
        .setParameterExceptionHandler((e, _) -> report(e, err))
        .setExecutionExceptionHandler((e, _, _) -> report(e, err));
  }

  /** Without a command there is nothing to do but to say which there are. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private int report(Throwable failure, PrintWriter err) {
    int code =
        switch (failure) {
          case BadInputException _, BackendUnavailableException _, ParameterException _ ->
              BAD_INPUT;
          default -> FAILED;
        };
    // Whatever is in a file's name or a library's message, a failure is one line.
    err.println("quern: " + sentence(failure).replaceAll("\\R", " "));
    if (failure instanceof BadInputException e) {
      e.details().forEach(detail -> err.println("  " + detail.replaceAll("\\R", " ")));
    }
    if (failure instanceof ParameterException e) {
      err.println("quern: see " + new CommandLineFault(e).help());
    }
    if (debug) {
      failure.printStackTrace(err);
    }
    err.flush();
    return code;
  }

  private static String sentence(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError) {
        return heapTooSmall(String.valueOf(cause.getMessage()));
      }
    }
    return switch (failure) {
      case ParameterException e -> new CommandLineFault(e).sentence();
      case BadInputException _,
          BackendUnavailableException _,
          DivergedException _,
          DeviceException _ ->
          String.valueOf(failure.getMessage());
      default ->
          "%s: %s (run again with --debug for the stack trace)"
              .formatted(failure.getClass().getSimpleName(), failure.getMessage());
    };
  }

  private static String heapTooSmall(String reason) {
    long heap = Runtime.getRuntime().maxMemory();
    return "The heap of %d MB is too small (%s); give more, for example QUERN_JAVA_OPTS=-Xmx%dg, or smaller images."
        .formatted(heap >> 20, reason, Math.max(8, 2 * Math.ceilDiv(heap, 1L << 30)));
  }
}
