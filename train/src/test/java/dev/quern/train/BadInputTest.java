package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.ImageFiles;
import dev.quern.train.data.Mask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every fault of the input is one sentence, exit code 2, and nothing is written. */
class BadInputTest {

  @TempDir Path folder;

  private Path images;
  private Path masks;
  private Path run;

  @BeforeEach
  void makeFolders() throws IOException {
    images = Files.createDirectory(folder.resolve("images"));
    masks = Files.createDirectory(folder.resolve("masks"));
    run = folder.resolve("run");
    for (int i = 0; i < 4; i++) {
      write(images, i, 20, 30);
      write(masks, i, 20, 30);
    }
  }

  @Test
  void emptyFolder() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertRefused(
        Quern.run("train", "--images", empty, "--masks", masks, "--out", run), empty.toString());
  }

  @Test
  void imageWithoutMask() throws IOException {
    Files.delete(masks.resolve("i2.png"));
    assertRefused(trainOnFolders(), "i2.png", "has no mask");
  }

  @Test
  void maskOfAnotherSize() {
    write(masks, 3, 20, 31);
    assertRefused(trainOnFolders(), "i3.png", "31 x 20", "30 x 20");
  }

  @Test
  void corruptImage() throws IOException {
    Path file = images.resolve("i1.png");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    assertRefused(trainOnFolders(), "i1.png", "cut off");
  }

  @Test
  void imagesWithoutMasksAndWrongNumbers() {
    assertRefused(Quern.run("train", "--images", images, "--out", run), "--masks");
    assertRefused(Quern.run("train", "--epochs", 0, "--out", run), "--epochs");
    assertRefused(Quern.run("train", "--lr", -1, "--out", run), "--lr");
    assertRefused(Quern.run("train", "--val-fraction", 0, "--out", run), "--val-fraction");
    assertRefused(Quern.run("train", "--threads", 0, "--out", run), "--threads");
    assertRefused(Quern.run("train", "--model", "oracle", "--out", run), "oracle", "pixel");
    assertRefused(Quern.run("train", "--scheduler", "often", "--out", run), "often");
    assertRefused(Quern.run("train", "--seed", "seven", "--out", run), "seven");
    assertRefused(Quern.run("train", "--nonsense"), "--nonsense");
    assertRefused(Quern.run("devise"), "devise");
  }

  @Test
  void unknownBackendListsThosePresent() {
    assertRefused(Quern.run("train", "--backend", "abacus", "--out", run), "abacus", "reference");
    assertRefused(
        Quern.run("train", "--backend", "reference:7", "--out", run), "reference", "device 7");
  }

  @Test
  void truncatedCheckpoint() throws IOException {
    assertEquals(
        0,
        Quern.run(
                "train",
                "--synthetic",
                3,
                "--epochs",
                1,
                "--pixels",
                50,
                "--backend",
                "reference",
                "--out",
                run)
            .code());
    byte[] bytes = Files.readAllBytes(run.resolve("checkpoint-best.safetensors"));
    Path cut = folder.resolve("cut.safetensors");
    for (int length : new int[] {0, 7, 100, bytes.length - 1}) {
      Files.write(cut, Arrays.copyOf(bytes, length));
      Path out = folder.resolve("out");
      assertRefused(
          Quern.run("predict", "--checkpoint", cut, "--images", images, "--out", out), "cut");
      assertFalse(Files.exists(out));
      assertRefused(
          Quern.run("evaluate", "--checkpoint", cut, "--images", images, "--masks", masks), "cut");
    }
    Files.write(run.resolve("checkpoint-last.safetensors"), Arrays.copyOf(bytes, 200));
    assertRefused(Quern.run("train", "--resume", run, "--epochs", 3), "checkpoint-last");
    assertRefused(Quern.run("train", "--resume", run, "--lr", 1), "--lr", "--resume");
    assertRefused(Quern.run("train", "--resume", folder), "holds no run");
  }

  @Test
  void usedFolder() throws IOException {
    Files.createDirectory(run);
    Files.writeString(run.resolve("notes.txt"), "mine");
    Quern quern = Quern.run("train", "--out", run);
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("not empty"), quern.err());
    try (Stream<Path> entries = Files.list(run)) {
      assertEquals(1, entries.count());
    }
  }

  @Test
  void debugShowsTheStack() {
    Quern quern = Quern.run("train", "--debug", "--images", images, "--masks", folder);
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("\tat "), quern.err());
  }

  private Quern trainOnFolders() {
    Quern quern =
        Quern.run(
            "train", "--images", images, "--masks", masks, "--backend", "reference", "--out", run);
    assertFalse(Files.exists(run), "the run folder was made");
    return quern;
  }

  private void assertRefused(Quern quern, String... parts) {
    assertEquals(2, quern.code(), quern.err());
    for (String part : parts) {
      assertTrue(quern.err().contains(part), quern.err());
    }
    long lines =
        quern.err().lines().filter(line -> !line.startsWith("quern: see quern --help")).count();
    assertEquals(1, lines, quern.err());
  }

  private static void write(Path folder, int index, int height, int width) {
    byte[] values = new byte[height * width];
    Arrays.fill(values, width, 3 * width, (byte) 1);
    ImageFiles.writeMask(folder.resolve("i" + index + ".png"), new Mask(height, width, values));
  }
}
