package dev.quern.train.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Compiles and runs the Java examples of the documents as a stranger's programs would be. */
class ReadmeExamplesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final String PATH =
      Stream.of("java-api", "nn", "simd-cpu")
          .map(module -> ROOT.resolve(module + "/target/classes").toString())
          .collect(Collectors.joining(File.pathSeparator));
  private static final String VECTORS = "--add-modules=jdk.incubator.vector";

  @TempDir Path folder;

  @TestFactory
  Stream<DynamicTest> ofTheReadme() throws IOException {
    return examples("README.md", "Example", 3);
  }

  @TestFactory
  Stream<DynamicTest> ofTheNetworks() throws IOException {
    return examples("docs/networks.md", "Network", 1);
  }

  private Stream<DynamicTest> examples(String document, String title, int count)
      throws IOException {
    Matcher blocks =
        Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(ROOT.resolve(document)));
    List<DynamicTest> tests = new ArrayList<>();
    while (blocks.find()) {
      String source = blocks.group(1);
      String name = title + tests.size() / 4;
      List<String> classPath = List.of("-cp", PATH);
      List<String> modulePath =
          List.of("-p", PATH, "--add-modules=dev.quern,dev.quern.nn,dev.quern.simd");
      tests.add(test(name + " on the class path", name, source, classPath, false));
      tests.add(test(name + " on the class path, vectors", name, source, classPath, true));
      tests.add(test(name + " on the module path", name, source, modulePath, false));
      tests.add(test(name + " on the module path, vectors", name, source, modulePath, true));
    }
    assertEquals(4 * count, tests.size(), "each example four ways");
    return tests.stream();
  }

  private DynamicTest test(
      String title, String name, String source, List<String> path, boolean vectors) {
    return DynamicTest.dynamicTest(
        title,
        () -> {
          Path classes = compiled(name, source, path);
          List<String> start = new ArrayList<>(List.of(tool("java")));
          if (vectors) {
            start.add(VECTORS);
          }
          if (path.contains("-p")) {
            start.addAll(path);
            start.addAll(List.of("-cp", classes.toString()));
          } else {
            start.addAll(List.of("-cp", PATH + File.pathSeparator + classes));
          }
          start.add(name);
          String output = run(start);
          assertLossFalls(output);
          // without the flag the class path has no vector module: slow, and said once
          boolean slow = path.contains("-cp") && !vectors;
          assertEquals(slow, output.contains("slow reference backend"), output);
        });
  }

  /** Compiles an example on a path, once for all runs that have it there. */
  private Path compiled(String name, String source, List<String> path)
      throws IOException, InterruptedException {
    Path classes = folder.resolve(name + path.getFirst());
    if (!Files.exists(classes)) {
      Files.createDirectory(classes);
      Path file = Files.writeString(classes.resolve(name + ".java"), source);
      List<String> compile = new ArrayList<>(List.of(tool("javac"), "-d", classes.toString()));
      compile.addAll(path);
      compile.add(file.toString());
      run(compile);
    }
    return classes;
  }

  private static void assertLossFalls(String output) {
    Matcher losses = Pattern.compile("loss ([0-9.Ee-]+)").matcher(output);
    List<Float> values = new ArrayList<>();
    while (losses.find()) {
      values.add(Float.parseFloat(losses.group(1)));
    }
    assertEquals(4, values.size(), output);
    for (int i = 1; i < values.size(); i++) {
      assertTrue(values.get(i) < values.get(i - 1), output);
    }
  }

  private static String tool(String name) {
    return Path.of(System.getProperty("java.home"), "bin", name).toString();
  }

  private String run(List<String> command) throws IOException, InterruptedException {
    Path output = Files.createTempFile(folder, "output", ".txt");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int exit = process.waitFor();
    String text = Files.readString(output);
    assertEquals(0, exit, text);
    return text;
  }
}
