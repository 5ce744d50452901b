package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A process that may write no more than a kilobyte per file leaves no part of a checkpoint. */
class WriteFailureTest {

  @TempDir Path folder;

  @Test
  @EnabledOnOs(OS.LINUX)
  void leavesNoPartOfACheckpoint() throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<String> command =
        List.of(
            "bash",
            "-c",
            "ulimit -f 1; exec \"$@\"",
            "bash",
            java,
            "--module-path",
            System.getProperty("jdk.module.path"),
            "--module",
            "dev.quern.train/dev.quern.train.Main",
            "train",
            "--synthetic=4",
            "--epochs=1",
            "--pixels=100",
            "--backend=reference",
            "--out=" + run);
    Path errors = folder.resolve("errors.txt");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(errors.toFile())
            .start();
    assertEquals(2, process.waitFor());
    String message = Files.readString(errors, StandardCharsets.UTF_8);
    assertTrue(message.contains("checkpoint-best.safetensors: File too large"), message);
    try (Stream<Path> entries = Files.list(run)) {
      assertEquals(List.of(run.resolve("config.json")), entries.toList());
    }
  }
}
