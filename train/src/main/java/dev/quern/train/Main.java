package dev.quern.train;

import dev.quern.BackendUnavailableException;
import dev.quern.DeviceException;
import dev.quern.train.bundle.BundleCommand;
import dev.quern.train.command.BenchCommand;
import dev.quern.train.command.DevicesCommand;
import dev.quern.train.command.EvaluateCommand;
import dev.quern.train.command.PredictCommand;
import dev.quern.train.command.SelftestCommand;
import dev.quern.train.command.TrainCommand;
import dev.quern.train.pixel.DivergedException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code quern} command line. Exit codes: 0 done, 1 failed, 2 the input cannot be worked with.
 * Errors are one sentence on the error stream; {@code --debug} adds the stack trace.
 */
@Command(
    name = "quern",
    description = "Fused training kernels on CPU and GPU: devices, checks, training, prediction.",
    mixinStandardHelpOptions = true,
    version = "quern 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      DevicesCommand.class,
      SelftestCommand.class,
      BenchCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      BundleCommand.class
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
    TerminalErrors.use();
    quietLog();
    System.exit(run(writer(System.out), writer(System.err), args));
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
    } catch (OutOfMemoryError e) {
      err.printf(
          "quern: The heap of %d MB is too small (%s); give more, for example QUERN_JAVA_OPTS=-Xmx8g,"
              + " or smaller images.%n",
          Runtime.getRuntime().maxMemory() >> 20, e.getMessage());
      main.stackTrace(e, err);
      return FAILED;
    }
  }

  private CommandLine commandLine(PrintWriter out, PrintWriter err) {
    return new CommandLine(this)
        .setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setParameterExceptionHandler((e, _) -> report(e, err))
        .setExecutionExceptionHandler((e, _, _) -> report(e, err));
  }

  /** Without a command there is nothing to do but to say which there are. */
  @Override
  public void run() {
    spec.commandLine().usage(spec.commandLine().getOut());
  }

  private int report(Exception failure, PrintWriter err) {
    int code =
        switch (failure) {
          case BadInputException _, BackendUnavailableException _ -> BAD_INPUT;
          case ParameterException _ -> BAD_INPUT;
          default -> FAILED;
        };
    boolean foreseen =
        code == BAD_INPUT
            || failure instanceof DivergedException
            || failure instanceof DeviceException;
    String message = String.valueOf(failure.getMessage());
    err.println(
        "quern: "
            + (foreseen
                ? message
                : failure.getClass().getSimpleName()
                    + ": "
                    + message
                    + " (run again with --debug for the stack trace)"));
    if (failure instanceof ParameterException) {
      err.println("quern: see quern " + "--help for the commands and options.");
    }
    stackTrace(failure, err);
    return code;
  }

  private void stackTrace(Throwable failure, PrintWriter err) {
    if (debug) {
      failure.printStackTrace(err);
    }
    err.flush();
  }
}
