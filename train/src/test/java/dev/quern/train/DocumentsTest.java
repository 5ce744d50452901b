package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The documents as they are read in an editor. */
class DocumentsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final int WIDTH = 120;

  private static List<Path> documents() throws IOException {
    try (Stream<Path> root = Files.list(ROOT);
        Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      return Stream.concat(root, docs).filter(path -> path.toString().endsWith(".md")).toList();
    }
  }

  /** Tables and code keep the lines they need. */
  @Test
  void linesOfTextAreShort() throws IOException {
    List<Path> documents = documents();
    assertTrue(documents.size() > 10, documents.toString());
    var longOnes = new ArrayList<String>();
    for (Path document : documents) {
      boolean code = false;
      for (String line : Files.readAllLines(document)) {
        if (line.strip().startsWith("```")) {
          code = !code;
        }
        boolean text = !code && !line.startsWith("    ") && !line.startsWith("|");
        if (text && line.codePointCount(0, line.length()) > WIDTH) {
          longOnes.add(ROOT.relativize(document) + ": " + line);
        }
      }
    }
    assertEquals(List.of(), longOnes);
  }

  @Test
  void theManualOfTheBenchIsShort() throws IOException {
    assertTrue(Files.readAllLines(ROOT.resolve("docs/benchmarking.md")).size() <= 150);
  }
}
