package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.image.PictureWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images whose values and masks are larger than the heap. */
class SmallHeapTest {

  @TempDir Path folder;

  private void draw(String name, int side) {
    PictureWriter.writeGrey(
        folder.resolve(name).resolve("large.png"), side, side, SmallHeapTest::row);
  }

  /** Squares on a dark ground. */
  private static void row(int y, int[] row) {
    for (int x = 0; x < row.length; x++) {
      row[x] = x / 40 % 3 == 0 && y / 40 % 3 == 0 ? 200 : 30 + (x * 7 + y * 13) % 11;
    }
  }

  @Test
  void aMaskThatDoesNotFitIsNamed() throws IOException, InterruptedException {
    draw("images", 5000);
    draw("masks", 5000);
    String said =
        quern(
            "-Xmx48m",
            2,
            List.of(
                "train",
                "--images",
                folder.resolve("images").toString(),
                "--masks",
                folder.resolve("masks").toString(),
                "--backend",
                "reference"));
    assertTrue(said.contains("large.png"), said);
    assertTrue(said.contains("the heap of 48 MB") || said.contains("the 48 MB Java has"), said);
  }

  /** Its values would take twice the heap. */
  @Test
  @Tag("large")
  void aLargeImageIsPredicted() throws IOException, InterruptedException {
    int side = 9000;
    draw("images", side);
    Path run = folder.resolve("run");
    quern(
        "-Xmx160m",
        0,
        List.of(
            "train",
            "--model=pixel",
            "--synthetic=4",
            "--epochs=1",
            "--pixels=100",
            "--backend=reference",
            "--out=" + run));
    Path out = folder.resolve("out");
    quern(
        "-Xmx160m",
        0,
        List.of(
            "predict",
            "--checkpoint=" + run.resolve("checkpoint-best.safetensors"),
            "--images=" + folder.resolve("images"),
            "--out=" + out,
            "--threads=2"));
    BufferedImage mask = ImageIO.read(out.resolve("large.png").toFile());
    assertEquals(side, mask.getWidth());
    assertEquals(side, mask.getHeight());
  }

  /** In tiles; the network's activations lie outside the heap. */
  @Test
  @Tag("large")
  void aUNetPredictsALargeImage() throws IOException, InterruptedException {
    PictureWriter.writeGrey(
        folder.resolve("images").resolve("large.png"), 4000, 3000, SmallHeapTest::row);
    Path run = folder.resolve("run");
    quern("-Xmx1g", 0, List.of("train", "--synthetic=4", "--epochs=1", "--out=" + run));
    Path out = folder.resolve("out");
    quern(
        "-Xmx1g",
        0,
        List.of(
            "predict",
            "--checkpoint=" + run.resolve("checkpoint-best.safetensors"),
            "--images=" + folder.resolve("images"),
            "--out=" + out));
    BufferedImage mask = ImageIO.read(out.resolve("large.png").toFile());
    assertEquals(4000, mask.getWidth());
    assertEquals(3000, mask.getHeight());
  }

  private String quern(String heap, int code, List<String> arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(heap, "--module-path", ModulePath.all()));
    command.addAll(List.of("--module", "dev.quern.train/dev.quern.train.Main"));
    command.addAll(arguments);
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    int ended = process.waitFor();
    String said = Files.readString(output);
    assertEquals(code, ended, said);
    return said;
  }
}
