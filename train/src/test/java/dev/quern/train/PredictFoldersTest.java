package dev.quern.train;

import static dev.quern.train.Folders.SIDE;
import static dev.quern.train.Folders.assertTrained;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Predictions of folders, from the command line to the files. */
class PredictFoldersTest {

  @TempDir Path folder;

  private Folders folders;

  @BeforeEach
  void folders() {
    folders = new Folders(folder);
  }

  @Test
  void predictOverwritesNothingOfOthers() throws IOException {
    folders.make(5);
    assertTrained(folders.trainFolders("run", "--epochs", 2), "");
    Path masks = folder.resolve("masks");
    byte[] truth = Files.readAllBytes(masks.resolve("id3.png"));
    Quern refused = folders.predict("run", folder.resolve("images"), masks);
    assertEquals(2, refused.code());
    assertTrue(refused.err().contains("5 files that quern predict did not write"), refused.err());
    assertArrayEquals(truth, Files.readAllBytes(masks.resolve("id3.png")));
    Quern images = folders.predict("run", folder.resolve("images"), folder.resolve("images"));
    assertTrue(images.err().contains("would overwrite the image"), images.err());
    // its own results are replaced
    Path out = folder.resolve("out");
    assertEquals(0, folders.predict("run", folder.resolve("images"), out).code());
    byte[] first = Files.readAllBytes(out.resolve("id3.png"));
    Quern again = folders.predict("run", folder.resolve("images"), out, "--threshold", 0.01);
    assertEquals(0, again.code(), again.err());
    assertFalse(Arrays.equals(first, Files.readAllBytes(out.resolve("id3.png"))));
    assertEquals(0, folders.predict("run", folder.resolve("images"), masks, "--overwrite").code());
  }

  @Test
  void predictTakesASingleImageAndWritesProbabilities() throws IOException {
    folders.make(5);
    assertTrained(folders.trainFolders("run", "--epochs", 2), "");
    Path image = folder.resolve("images").resolve("id2.png");
    Path out = folder.resolve("out");
    Path probabilities = folder.resolve("probabilities");
    assertEquals(0, folders.predict("run", image, out, "--threshold", 0.3).code());
    Quern quern = folders.predict("run", image, probabilities, "--probabilities");
    assertEquals(0, quern.code(), quern.err());
    BufferedImage mask = ImageIO.read(out.resolve("id2.png").toFile());
    BufferedImage deep = ImageIO.read(probabilities.resolve("id2.png").toFile());
    assertEquals(16, deep.getColorModel().getPixelSize());
    for (int p = 0; p < SIDE * SIDE; p++) {
      double probability = deep.getRaster().getSample(p % SIDE, p / SIDE, 0) / 65535.0;
      int value = mask.getRaster().getSample(p % SIDE, p / SIDE, 0);
      if (Math.abs(probability - 0.3) > 1e-4) {
        assertEquals(probability > 0.3 ? 255 : 0, value);
      }
    }
  }

  @Test
  void badImagesDoNotStopAPrediction() throws IOException {
    folders.make(5);
    assertTrained(folders.trainFolders("run", "--epochs", 2), "");
    Path images = folder.resolve("images");
    Files.write(
        images.resolve("id1.png"),
        Arrays.copyOf(Files.readAllBytes(images.resolve("id1.png")), 300));
    Files.write(images.resolve("id0.png"), new byte[5]);
    Path out = folder.resolve("out");
    Quern quern = folders.predict("run", images, out);
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("id1.png") && quern.err().contains("id0.png"), quern.err());
    assertTrue(quern.err().contains("the other 3"), quern.err());
    try (var masks = Files.list(out)) {
      assertEquals(3, masks.count());
    }
    assertEquals(0, folders.predict("run", images, folder.resolve("out2"), "--skip-bad").code());
  }
}
