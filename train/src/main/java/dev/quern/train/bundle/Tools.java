package dev.quern.train.bundle;

import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.spi.ToolProvider;

/** Runs the tools of the JDK and of the system, and says which is missing. */
final class Tools {

  private Tools() {}

  /** The JDK's tool of that name, which a mere runtime does not have. */
  static ToolProvider ofJdk(String name) {
    return ToolProvider.findFirst(name)
        .orElseThrow(() ->
            new BadInputException(
                "quern bundle needs the JDK's %s, which the Java in %s lacks: run ./quern bundle in a checkout, on a full JDK 25."
                    .formatted(name, System.getProperty("java.home"))));
  }

  static void run(ToolProvider tool, String... arguments) throws IOException {
    StringWriter said = new StringWriter();
    PrintWriter writer = new PrintWriter(said);
    int code = tool.run(writer, writer, arguments);
    if (code != 0) {
      throw new IOException(
          "%s failed with code %d: %s".formatted(tool.name(), code, last(said.toString())));
    }
  }

  /** Throws unless the system has that command. */
  static void requireCommand(String command, String remedy) {
    try {
      run(Path.of("."), Map.of(), List.of(command, "--version"));
    } catch (IOException e) {
      throw new BadInputException("quern bundle needs %s: %s.".formatted(command, remedy), e);
    }
  }

  static void run(Path folder, Map<String, String> environment, List<String> command)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException("%s failed with code %d: %s".formatted(command, code, last(said)));
      }
    } catch (InterruptedException e) {
      process.destroy();
      Thread.currentThread().interrupt();
      throw new IOException(command + " was interrupted", e);
    }
  }

  /** The last line, where tools say why they stopped. */
  private static String last(String said) {
    return said.strip().lines().reduce("", (_, line) -> line);
  }
}
