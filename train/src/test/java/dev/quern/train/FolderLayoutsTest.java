package dev.quern.train;

import static dev.quern.train.Folders.SIDE;
import static dev.quern.train.Folders.assertTrained;
import static dev.quern.train.Folders.crop;
import static dev.quern.train.Folders.grey;
import static dev.quern.train.Folders.mask;
import static dev.quern.train.Folders.sample;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layouts of folders and lists that people have, from the command line to the files. */
class FolderLayoutsTest {

  @TempDir Path folder;

  private Folders folders;

  @BeforeEach
  void folders() {
    folders = new Folders(folder);
  }

  @Test
  void aFolderForEachImageWithAMaskForEachNucleus() {
    Path root = folder.resolve("stage1_train");
    for (int i = 0; i < 6; i++) {
      Sample sample = sample(i);
      Path own = root.resolve("id" + i);
      MaskPng.save(grey(sample), "png", own.resolve("images").resolve("id" + i + ".png"));
      // the mask in two halves
      for (int half = 0; half < 2; half++) {
        byte[] part = crop(sample.mask());
        Arrays.fill(part, half * part.length / 2, (half + 1) * part.length / 2, (byte) 0);
        MaskPng.write(
            own.resolve("masks").resolve("part" + half + ".png"), new Mask(SIDE, SIDE, part));
      }
    }
    Quern trained = folders.train("dsb", "--images", root, "--layout", "folder-per-image");
    assertTrained(trained, "Training on 5 images, validating on 1");
    assertEquals(folders.plain().iou(), trained.iou(), 1e-9);
  }

  @Test
  void masksBesideTheImages() {
    Path both = folder.resolve("both");
    for (int i = 0; i < 6; i++) {
      MaskPng.save(grey(sample(i)), "png", both.resolve("id" + i + ".png"));
      MaskPng.write(both.resolve("id" + i + "_mask.png"), mask(sample(i)));
    }
    Quern same = folders.train("same", "--images", both, "--masks", both);
    assertEquals(2, same.code());
    assertTrue(same.err().contains("give --mask-suffix _mask"), same.err());
    Quern trained = folders.train("suffix", "--images", both, "--mask-suffix", "_mask");
    assertTrained(trained, "Training on 5 images");
    assertEquals(folders.plain().iou(), trained.iou(), 1e-9);
  }

  @Test
  void groupsFoldsAndATestOfTheirOwn() throws IOException {
    folders.make(8);
    StringBuilder list = new StringBuilder("image,mask,group\n");
    for (int i = 0; i < 8; i++) {
      list.append("images/id%d.png,masks/id%d.png,patient%d\n".formatted(i, i, i / 2));
    }
    Path pairs = Files.writeString(folder.resolve("pairs.csv"), list);
    Quern trained =
        folders.train("pairs", "--pairs", pairs, "--fold", "2/3", "--test-fraction", 0.2);
    assertTrained(trained, "Training on 4 images, validating on 2, 2 kept for the test");
    assertTrue(trained.out().contains("Test IoU "), trained.out());
    String scores = Files.readString(folder.resolve("pairs").resolve("test.json"));
    assertTrue(scores.contains("\"images\" : 2"), scores);
    String report = Files.readString(folder.resolve("pairs").resolve("report.html"));
    assertTrue(report.contains("On 2 test images the best checkpoint has IoU"), report);
    String config = Files.readString(folder.resolve("pairs").resolve("config.json"));
    assertTrue(config.contains("\"fold\" : \"2/3\""), config);
  }

  @Test
  void aGroupIsNotOnTwoSides() throws IOException {
    folders.make(6);
    Path list = folder.resolve("train.csv");
    Path other = folder.resolve("val.csv");
    String header = "image,mask,group\n";
    Files.writeString(
        list, header + "images/id0.png,masks/id0.png,p1\nimages/id1.png,masks/id1.png,p2\n");
    Files.writeString(other, header + "images/id2.png,masks/id2.png,p2\n");
    Quern quern = folders.train("run", "--pairs", list, "--val-pairs", other);
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("1 group is among"), quern.err());
    assertTrue(quern.err().contains("'p2'"), quern.err());
    Files.writeString(other, header + "images/id2.png,masks/id2.png,p3\n");
    Quern test = folders.train("run", "--pairs", list, "--val-pairs", other, "--test-pairs", other);
    assertEquals(2, test.code());
    assertTrue(test.err().contains("the validation images and the test images"), test.err());
    assertTrained(folders.train("run", "--pairs", list, "--val-pairs", other), "validating on 1");
  }

  @Test
  void whatIsSaidOfFoldersNeedsFolders() {
    for (List<Object> options :
        List.<List<Object>>of(
            List.of("--fold", "1/2"),
            List.of("--test-fraction", 0.2),
            List.of("--mask-rule", "alpha"),
            List.of("--recursive"))) {
      Quern quern = folders.train("run", options.toArray());
      assertEquals(2, quern.code(), options.toString());
      assertTrue(quern.err().contains(options.getFirst() + " needs --images"), quern.err());
    }
  }

  @Test
  void whatIsNotReadIsSaid() throws IOException {
    folders.make(4);
    for (int i = 0; i < 14; i++) {
      Files.writeString(folder.resolve("images").resolve("scan" + i + ".czi"), "x");
    }
    assertTrained(
        folders.trainFolders("run"), "Not read in " + folder.resolve("images") + ": 14 .czi.");
  }
}
