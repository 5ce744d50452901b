package dev.quern.train.command;

import dev.quern.bench.speed.result.SpeedJson;
import dev.quern.bench.speed.result.SpeedRun;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bench in a Java process of its own, with the options of this one. */
final class BenchProcess {

  /** By name, because it stands above the commands. */
  private static final String MAIN = "dev.quern.train.Main";

  /** Options that write to a file, a descriptor or a port which this process already has. */
  private static final String OWN =
      "-Dquern[.](errors|stderr)=.*|-XX:StartFlightRecording.*|-Xlog.*|-agentlib:jdwp.*";

  private BenchProcess() {}

  /**
   * Measures.
   *
   * @param arguments of the command line
   * @return what it found
   * @throws IOException if the process cannot be started, fails or is interrupted
   */
  static SpeedRun run(List<String> arguments) throws IOException {
    Path folder = Files.createTempDirectory("quern-bench");
    Path json = folder.resolve("run.json");
    Path errors = folder.resolve("errors.txt");
    try {
      List<String> command = java();
      command.addAll(arguments);
      command.add("--json=" + json);
      int code = waitFor(command, errors);
      if (code != 0) {
        String last = Files.readString(errors).strip().lines().reduce("", (_, line) -> line);
        throw new IOException("exit code " + code + ", " + last);
      }
      return SpeedJson.read(Files.readString(json));
    } finally {
      Files.deleteIfExists(json);
      Files.deleteIfExists(errors);
      Files.delete(folder);
    }
  }

  private static List<String> java() {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> !option.matches(OWN))
        .forEach(command::add);
    @Nullable String module = BenchProcess.class.getModule().getName();
    if (module == null) {
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    } else {
      command.addAll(List.of("--module", module + "/" + MAIN));
    }
    return command;
  }

  private static int waitFor(List<String> command, Path errors) throws IOException {
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroy));
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
