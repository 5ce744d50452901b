package dev.quern.simd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Another Java, on the class path: with flags of its own, and a compiler that has seen nothing. */
final class ChildProcess {
  private ChildProcess() {}

  /** Returns what a main method wrote, once it has ended well. */
  static String run(Class<?> main, String... flags) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(flags));
    command.addAll(List.of("-cp", classPath(), main.getName()));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor(), output);
    return output;
  }

  private static String classPath() {
    List<Path> places = new ArrayList<>();
    ModuleLayer.boot().configuration().modules().stream()
        .filter(module -> module.name().startsWith("dev.quern"))
        .map(module -> module.reference().location().orElseThrow())
        .filter(place -> "file".equals(place.getScheme()))
        .map((URI place) -> Path.of(place))
        .forEach(places::add);
    places.add(Path.of("target", "test-classes").toAbsolutePath());
    // what the tests alone need, such as the kernel cases, is no module here
    return places.stream()
        .map(Path::toString)
        .collect(
            Collectors.joining(
                File.pathSeparator,
                "",
                File.pathSeparator + System.getProperty("java.class.path")));
  }
}
