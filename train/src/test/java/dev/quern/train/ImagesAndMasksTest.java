package dev.quern.train;

import static dev.quern.train.Folders.SIDE;
import static dev.quern.train.Folders.assertTrained;
import static dev.quern.train.Folders.crop;
import static dev.quern.train.Folders.mask;
import static dev.quern.train.Folders.sample;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import dev.quern.train.data.synthetic.SyntheticMicroscopy;
import dev.quern.train.image.PictureFiles;
import dev.quern.train.image.sample.Size;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The images and masks that people have, from the command line to the files. */
class ImagesAndMasksTest {

  @TempDir Path folder;

  private Folders folders;

  @BeforeEach
  void folders() {
    folders = new Folders(folder);
  }

  @Test
  void twelveBitsInFilesOfSixteenTrainAsWell() {
    Path images = folder.resolve("deep");
    Path masks = folder.resolve("deepMasks");
    for (int i = 0; i < 6; i++) {
      Sample sample = sample(i);
      BufferedImage deep = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_USHORT_GRAY);
      float[] light = sample.image().plane(0);
      for (int p = 0; p < SIDE * SIDE; p++) {
        int value = Math.round(4095 * light[p / SIDE * SyntheticMicroscopy.SIDE + p % SIDE]);
        deep.getRaster().setSample(p % SIDE, p / SIDE, 0, value);
      }
      MaskPng.save(deep, "png", images.resolve("id" + i + ".png"));
      MaskPng.write(masks.resolve("id" + i + ".png"), mask(sample));
    }
    Quern trained = folders.train("deepRun", "--images", images, "--masks", masks);
    assertTrained(trained, "16 bit");
    Quern plain = folders.plain();
    assertEquals(plain.otsu(), trained.otsu(), 0.03);
    assertEquals(plain.iou(), trained.iou(), 0.06);
  }

  @Test
  void imagesOfFiveChannelsTrainAndPredict() throws IOException {
    Path images = Files.createDirectories(folder.resolve("five"));
    Path masks = folder.resolve("fiveMasks");
    for (int i = 0; i < 4; i++) {
      try (InputStream five = PictureFiles.class.getResourceAsStream("channels-5.tif")) {
        Files.copy(Objects.requireNonNull(five), images.resolve("id" + i + ".tif"));
      }
      Size size = PictureFiles.size(images.resolve("id0.tif"), 0);
      byte[] mask = new byte[size.width() * size.height()];
      Arrays.fill(mask, 0, mask.length / 3, (byte) 1);
      MaskPng.write(masks.resolve("id" + i + ".png"), new Mask(size.height(), size.width(), mask));
    }
    assertTrained(folders.train("run", "--images", images, "--masks", masks), "5 channels");
    Path out = folder.resolve("out");
    assertEquals(0, folders.predict("run", images.resolve("id1.tif"), out).code());
    // one of three channels does not fit
    Path colour = folder.resolve("colour.png");
    MaskPng.save(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", colour);
    Quern other = folders.predict("run", colour, out);
    assertEquals(2, other.code());
    assertTrue(other.err().contains("3 channels"), other.err());
    assertTrue(other.err().contains("of 5"), other.err());
  }

  @Test
  void masksThatCannotBeMeantAreWarnedOf() {
    folders.make(4);
    for (int i = 0; i < 4; i++) {
      byte[] classes = crop(sample(i).mask());
      BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
      for (int p = 0; p < classes.length; p++) {
        int value = p < SIDE ? 255 : classes[p] == 1 ? 1 + p % 2 : 0;
        picture.getRaster().setSample(p % SIDE, p / SIDE, 0, value);
      }
      MaskPng.save(picture, "png", folder.resolve("masks").resolve("id" + i + ".png"));
    }
    Quern trained = folders.trainFolders("classes");
    assertTrained(trained, "Warning: The masks hold more than two values (values 0, 1, 2, 255)");
    Quern ignoring =
        folders.trainFolders("ignoring", "--ignore-value", 255, "--mask-rule", "values=1,2");
    assertTrained(ignoring, "void");
    assertFalse(ignoring.out().contains("Warning"), ignoring.out());
    Quern scores =
        Quern.run(
            "evaluate",
            "--checkpoint",
            folder.resolve("ignoring").resolve("checkpoint-best.safetensors"),
            "--images",
            folder.resolve("images"),
            "--masks",
            folder.resolve("masks"),
            "--ignore-value",
            255,
            "--mask-rule",
            "values=1,2",
            "--backend",
            "reference");
    assertEquals(0, scores.code(), scores.err());
  }

  @Test
  void voidPixelsDoNotCount() {
    // a strip is void in both runs, but the object under it by different rules
    folders.make(5);
    for (int i = 0; i < 5; i++) {
      byte[] mask = crop(sample(i).mask());
      BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
      for (int p = 0; p < mask.length; p++) {
        picture.getRaster().setSample(p % SIDE, p / SIDE, 0, p % SIDE < 10 ? 7 : mask[p]);
      }
      MaskPng.save(picture, "png", folder.resolve("masks").resolve("id" + i + ".png"));
    }
    Quern one = folders.trainFolders("one", "--ignore-value", 7, "--mask-rule", "not-black");
    Quern two = folders.trainFolders("two", "--ignore-value", 7, "--mask-rule", "values=1");
    Quern counted = folders.trainFolders("counted", "--mask-rule", "not-black");
    assertTrained(one, "10.4 % void");
    assertEquals(one.iou(), two.iou());
    assertTrue(Math.abs(one.iou() - counted.iou()) > 0.01, one.out() + counted.out());
  }

  @Test
  void allFaultsAreListedAndSkippedOnRequest() throws IOException {
    folders.make(7);
    Path images = folder.resolve("images");
    Files.delete(folder.resolve("masks").resolve("id0.png"));
    Files.write(images.resolve("id1.png"), new byte[100]);
    MaskPng.write(folder.resolve("masks").resolve("id2.png"), new Mask(3, 4, new byte[12]));
    Quern refused = folders.trainFolders("refused");
    assertEquals(2, refused.code());
    for (String part :
        List.of(
            "3 of 7 samples", "--skip-bad", "id0.png has no mask", "id1.png", "id2.png is 4 x 3")) {
      assertTrue(refused.err().contains(part), refused.err());
    }
    assertFalse(Files.exists(folder.resolve("refused")));
    Quern trained = folders.trainFolders("skipping", "--skip-bad");
    assertTrained(trained, "Skipped 3 of 7 samples");
    String report = Files.readString(folder.resolve("skipping").resolve("report.html"));
    assertTrue(report.contains("Skipped 3 of 7 samples") && report.contains("id1.png"), report);
  }
}
