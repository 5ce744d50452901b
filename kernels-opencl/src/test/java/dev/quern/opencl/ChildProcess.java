package dev.quern.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** Another Java, since what the OpenCL loader finds is decided once per process. */
final class ChildProcess {
  static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

  private ChildProcess() {}

  /**
   * Runs a scenario of {@link Scenarios}, on the class path.
   *
   * @param environment what it finds besides this process's environment
   * @param options of the virtual machine
   * @return the lines it wrote
   */
  static List<String> run(String scenario, Map<String, String> environment, String... options) {
    String path =
        String.join(
            File.pathSeparator,
            // before the packaged classes, which have no tests
            "target/test-classes",
            System.getProperty("jdk.module.path", ""),
            System.getProperty("java.class.path", ""));
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.library.path=" + System.getProperty("java.library.path")));
    command.addAll(List.of(options));
    command.addAll(List.of("-cp", path, Scenarios.class.getName(), scenario));
    return run(command, environment);
  }

  /** Compiles a source of {@code src/test/native}; skips the test where there is no gcc. */
  static Path compile(String source, Path folder) {
    Assumptions.assumeTrue(Files.exists(Path.of("/usr/bin/gcc")), "No gcc to build " + source);
    Path library = folder.resolve("lib" + source.replace(".c", ".so"));
    var _ =
        run(
            List.of(
                "/usr/bin/gcc",
                "-O1",
                "-fPIC",
                "-shared",
                "-fvisibility=hidden",
                "-o",
                library.toString(),
                "src/test/native/" + source),
            Map.of());
    return library;
  }

  private static List<String> run(List<String> command, Map<String, String> environment) {
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      Process process = builder.start();
      process.getOutputStream().close();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), text);
      assertEquals(0, process.exitValue(), text);
      return text.lines().toList();
    } catch (IOException e) {
      throw new AssertionError("The process cannot be run: " + command, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("Interrupted while waiting for " + command, e);
    }
  }
}
