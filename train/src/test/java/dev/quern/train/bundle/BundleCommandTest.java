package dev.quern.train.bundle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.message.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a bundle holds and how it refuses; continuous integration writes and starts a whole one. */
class BundleCommandTest {

  @Test
  void refusesOutsideACheckout() {
    BadInputException refusal =
        assertThrows(BadInputException.class, () -> new BundleCommand().call());
    assertTrue(refusal.toString().contains("run ./quern bundle there"), refusal::toString);
  }

  @Test
  void namesTheJdkModulesThatAreNeeded() {
    Set<String> modules = RunningModules.platformModules();
    assertTrue(
        modules.containsAll(List.of("java.base", "java.desktop", "java.logging")),
        modules::toString);
    assertFalse(modules.contains("jdk.compiler"), modules::toString);
  }

  @Test
  void makesJarsOfClassFoldersAndKeepsTheNamesOfJars(@TempDir Path folder) throws IOException {
    RunningModules.copyTo(folder, Tools.ofJdk("jar"));
    List<String> names;
    try (Stream<Path> jars = Files.list(folder)) {
      names = jars.map(jar -> jar.getFileName().toString()).toList();
    }
    assertTrue(names.stream().anyMatch(name -> name.startsWith("picocli-")), names::toString);
    assertTrue(names.contains("dev.quern.train.jar"), names::toString);
  }

  @Test
  void saysWhichCommandIsMissing() {
    BadInputException refusal =
        assertThrows(
            BadInputException.class,
            () -> Tools.requireCommand("quern-no-such-tool", "install it"));
    assertEquals("quern bundle needs quern-no-such-tool: install it.", refusal.getMessage());
  }
}
