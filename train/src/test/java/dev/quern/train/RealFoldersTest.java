package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The folders that people have, from the command line to the files. */
class RealFoldersTest {

  private static final int SIDE = 96;

  private static final List<List<Object>> REPORT_AND_RESUME =
      List.of(List.of("report"), List.of("train", "--epochs", 2, "--resume"));

  @TempDir Path folder;

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
    Quern trained = train("dsb", "--images", root, "--layout", "folder-per-image");
    assertTrained(trained, "Training on 5 images, validating on 1");
    assertEquals(plain().iou(), trained.iou(), 1e-9);
  }

  @Test
  void masksBesideTheImages() {
    Path both = folder.resolve("both");
    for (int i = 0; i < 6; i++) {
      MaskPng.save(grey(sample(i)), "png", both.resolve("id" + i + ".png"));
      MaskPng.write(both.resolve("id" + i + "_mask.png"), mask(sample(i)));
    }
    Quern same = train("same", "--images", both, "--masks", both);
    assertEquals(2, same.code());
    assertTrue(same.err().contains("give --mask-suffix _mask"), same.err());
    Quern trained = train("suffix", "--images", both, "--mask-suffix", "_mask");
    assertTrained(trained, "Training on 5 images");
    assertEquals(plain().iou(), trained.iou(), 1e-9);
  }

  @Test
  void groupsFoldsAndATestOfTheirOwn() throws IOException {
    folders(8);
    StringBuilder list = new StringBuilder("image,mask,group\n");
    for (int i = 0; i < 8; i++) {
      list.append("images/id%d.png,masks/id%d.png,patient%d\n".formatted(i, i, i / 2));
    }
    Path pairs = Files.writeString(folder.resolve("pairs.csv"), list);
    Quern trained = train("pairs", "--pairs", pairs, "--fold", "2/3", "--test-fraction", 0.2);
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
    folders(6);
    Path list = folder.resolve("train.csv");
    Path other = folder.resolve("val.csv");
    String header = "image,mask,group\n";
    Files.writeString(
        list, header + "images/id0.png,masks/id0.png,p1\nimages/id1.png,masks/id1.png,p2\n");
    Files.writeString(other, header + "images/id2.png,masks/id2.png,p2\n");
    Quern quern = train("run", "--pairs", list, "--val-pairs", other);
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("1 group is among"), quern.err());
    assertTrue(quern.err().contains("'p2'"), quern.err());
    Files.writeString(other, header + "images/id2.png,masks/id2.png,p3\n");
    Quern test = train("run", "--pairs", list, "--val-pairs", other, "--test-pairs", other);
    assertEquals(2, test.code());
    assertTrue(test.err().contains("the validation images and the test images"), test.err());
    assertTrained(train("run", "--pairs", list, "--val-pairs", other), "validating on 1");
  }

  @Test
  void whatIsSaidOfFoldersNeedsFolders() {
    for (List<Object> options :
        List.<List<Object>>of(
            List.of("--fold", "1/2"),
            List.of("--test-fraction", 0.2),
            List.of("--mask-rule", "alpha"),
            List.of("--recursive"))) {
      Quern quern = train("run", options.toArray());
      assertEquals(2, quern.code(), options.toString());
      assertTrue(quern.err().contains(options.getFirst() + " needs --images"), quern.err());
    }
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
    Quern trained = train("deepRun", "--images", images, "--masks", masks);
    assertTrained(trained, "16 bit");
    Quern plain = plain();
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
    assertTrained(train("run", "--images", images, "--masks", masks), "5 channels");
    Path out = folder.resolve("out");
    assertEquals(0, predict("run", images.resolve("id1.tif"), out).code());
    // one of three channels does not fit
    Path colour = folder.resolve("colour.png");
    MaskPng.save(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", colour);
    Quern other = predict("run", colour, out);
    assertEquals(2, other.code());
    assertTrue(other.err().contains("3 channels"), other.err());
    assertTrue(other.err().contains("of 5"), other.err());
  }

  @Test
  void masksThatCannotBeMeantAreWarnedOf() {
    folders(4);
    for (int i = 0; i < 4; i++) {
      byte[] classes = crop(sample(i).mask());
      BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
      for (int p = 0; p < classes.length; p++) {
        int value = p < SIDE ? 255 : classes[p] == 1 ? 1 + p % 2 : 0;
        picture.getRaster().setSample(p % SIDE, p / SIDE, 0, value);
      }
      MaskPng.save(picture, "png", folder.resolve("masks").resolve("id" + i + ".png"));
    }
    Quern trained = trainFolders("classes");
    assertTrained(trained, "Warning: The masks hold more than two values (values 0, 1, 2, 255)");
    Quern ignoring = trainFolders("ignoring", "--ignore-value", 255, "--mask-rule", "values=1,2");
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
    folders(5);
    for (int i = 0; i < 5; i++) {
      byte[] mask = crop(sample(i).mask());
      BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
      for (int p = 0; p < mask.length; p++) {
        picture.getRaster().setSample(p % SIDE, p / SIDE, 0, p % SIDE < 10 ? 7 : mask[p]);
      }
      MaskPng.save(picture, "png", folder.resolve("masks").resolve("id" + i + ".png"));
    }
    Quern one = trainFolders("one", "--ignore-value", 7, "--mask-rule", "not-black");
    Quern two = trainFolders("two", "--ignore-value", 7, "--mask-rule", "values=1");
    Quern counted = trainFolders("counted", "--mask-rule", "not-black");
    assertTrained(one, "10.4 % void");
    assertEquals(one.iou(), two.iou());
    assertTrue(Math.abs(one.iou() - counted.iou()) > 0.01, one.out() + counted.out());
  }

  @Test
  void allFaultsAreListedAndSkippedOnRequest() throws IOException {
    folders(7);
    Path images = folder.resolve("images");
    Files.delete(folder.resolve("masks").resolve("id0.png"));
    Files.write(images.resolve("id1.png"), new byte[100]);
    MaskPng.write(folder.resolve("masks").resolve("id2.png"), new Mask(3, 4, new byte[12]));
    Quern refused = trainFolders("refused");
    assertEquals(2, refused.code());
    for (String part :
        List.of(
            "3 of 7 samples", "--skip-bad", "id0.png has no mask", "id1.png", "id2.png is 4 x 3")) {
      assertTrue(refused.err().contains(part), refused.err());
    }
    assertFalse(Files.exists(folder.resolve("refused")));
    Quern trained = trainFolders("skipping", "--skip-bad");
    assertTrained(trained, "Skipped 3 of 7 samples");
    String report = Files.readString(folder.resolve("skipping").resolve("report.html"));
    assertTrue(report.contains("Skipped 3 of 7 samples") && report.contains("id1.png"), report);
  }

  @Test
  void whatIsNotReadIsSaid() throws IOException {
    folders(4);
    for (int i = 0; i < 14; i++) {
      Files.writeString(folder.resolve("images").resolve("scan" + i + ".czi"), "x");
    }
    assertTrained(trainFolders("run"), "Not read in " + folder.resolve("images") + ": 14 .czi.");
  }

  @Test
  void imagesThatWereAddedRemovedOrMoved() throws IOException {
    folders(6);
    assertTrained(trainFolders("run", "--epochs", 2), "");
    Path run = folder.resolve("run");
    Path added = folder.resolve("images").resolve("id9.png");
    Files.copy(folder.resolve("images").resolve("id1.png"), added);
    Files.copy(
        folder.resolve("masks").resolve("id1.png"), folder.resolve("masks").resolve("id9.png"));
    Quern more = Quern.run("train", "--resume", run, "--epochs", 4);
    assertEquals(2, more.code());
    assertTrue(more.err().contains("started with 6 samples, but there are 7"), more.err());
    Files.delete(added);
    Files.delete(folder.resolve("masks").resolve("id9.png"));
    Path moved = Files.move(folder.resolve("images"), folder.resolve("moved"));
    assertEquals(2, Quern.run("train", "--resume", run, "--epochs", 4).code());
    Quern resumed =
        Quern.run(
            "train",
            "--resume",
            run,
            "--epochs",
            4,
            "--images",
            moved,
            "--masks",
            folder.resolve("masks"));
    assertEquals(0, resumed.code(), resumed.err());
    byte[] config = Files.readAllBytes(run.resolve("config.json"));
    Quern other =
        Quern.run("train", "--resume", run, "--epochs", 6, "--images", moved, "--masks", moved);
    assertEquals(2, other.code());
    // a refusal changes nothing
    Quern fewer = Quern.run("train", "--resume", run, "--epochs", 3);
    assertEquals(2, fewer.code());
    assertTrue(fewer.err().contains("has done its 4 epochs"), fewer.err());
    assertArrayEquals(config, Files.readAllBytes(run.resolve("config.json")));
  }

  @Test
  void imagesOrMasksThatWereMovedAlone() throws IOException {
    folders(4);
    assertTrained(trainFolders("run", "--epochs", 1), "");
    Path run = folder.resolve("run");
    Path masks = Files.move(folder.resolve("masks"), folder.resolve("movedMasks"));
    Quern resumed = Quern.run("train", "--resume", run, "--epochs", 2, "--masks", masks);
    assertEquals(0, resumed.code(), resumed.err());
    Path images = Files.move(folder.resolve("images"), folder.resolve("movedImages"));
    resumed = Quern.run("train", "--resume", run, "--epochs", 3, "--images", images);
    assertEquals(0, resumed.code(), resumed.err());
    String config = Files.readString(run.resolve("config.json"));
    assertTrue(config.contains("movedImages") && config.contains("movedMasks"), config);
    byte[] report = Files.readAllBytes(run.resolve("report.html"));
    Path again = Files.move(masks, folder.resolve("again"));
    assertEquals(2, Quern.run("report", run).code());
    Quern reported = Quern.run("report", run, "--masks", again);
    assertEquals(0, reported.code(), reported.err());
    assertArrayEquals(report, Files.readAllBytes(run.resolve("report.html")));
    for (List<Object> command : REPORT_AND_RESUME) {
      List<Object> words = new ArrayList<>(command);
      words.addAll(List.of(run, "--pairs", folder.resolve("list.csv"), "--masks", again));
      Quern both = Quern.run(words.toArray());
      assertEquals(2, both.code());
      assertTrue(both.err().contains("--pairs and --masks both say"), both.err());
    }
  }

  @Test
  void aListIsReplacedByAListOrByBothFolders() throws IOException {
    folders(4);
    StringBuilder list = new StringBuilder("image,mask\n");
    for (int i = 0; i < 4; i++) {
      list.append("images/id%d.png,masks/id%d.png\n".formatted(i, i));
    }
    Path pairs = Files.writeString(folder.resolve("pairs.csv"), list);
    assertTrained(train("run", "--pairs", pairs, "--epochs", 1), "");
    Path run = folder.resolve("run");
    Path images = folder.resolve("images");
    Path masks = folder.resolve("masks");
    Quern alone = Quern.run("report", run, "--images", images);
    assertEquals(2, alone.code());
    assertTrue(alone.err().contains("--images needs --masks as well"), alone.err());
    alone = Quern.run("report", run, "--masks", masks);
    assertEquals(2, alone.code());
    assertTrue(alone.err().contains("--masks needs --images as well"), alone.err());
    Path moved = Files.move(pairs, folder.resolve("moved.csv"));
    Quern resumed = Quern.run("train", "--resume", run, "--epochs", 2, "--pairs", moved);
    assertEquals(0, resumed.code(), resumed.err());
  }

  @Test
  void imagesThatARunNeverHad() throws IOException {
    folders(4);
    Path images = folder.resolve("images");
    Path masks = folder.resolve("masks");
    assertTrained(train("synthetic", "--synthetic", 3, "--epochs", 1), "");
    assertTrained(trainFolders("real", "--epochs", 1), "");
    List<List<Object>> places =
        List.of(
            List.of("synthetic", "--images", images, "--masks", masks),
            List.of("synthetic", "--masks", masks),
            List.of("synthetic", "--pairs", folder.resolve("list.csv")),
            List.of("real", "--val-images", images, "--val-masks", masks),
            List.of("real", "--test-images", images, "--test-masks", masks),
            List.of("real", "--test-pairs", folder.resolve("list.csv")));
    for (List<Object> place : places) {
      Path run = folder.resolve(String.valueOf(place.getFirst()));
      byte[] report = Files.readAllBytes(run.resolve("report.html"));
      for (List<Object> command : REPORT_AND_RESUME) {
        List<Object> words = new ArrayList<>(command);
        words.add(run);
        words.addAll(place.subList(1, place.size()));
        Quern quern = Quern.run(words.toArray());
        assertEquals(2, quern.code(), words + quern.out());
        assertTrue(
            quern.err().contains(place.get(1) + " is given, but the run was started without"),
            quern.err());
        assertArrayEquals(report, Files.readAllBytes(run.resolve("report.html")));
      }
    }
  }

  @Test
  void aRunStopsInTimeAndGoesOnToTheSameBytes() throws IOException {
    folders(6);
    Path whole = folder.resolve("whole");
    assertTrained(trainFolders("whole", "--epochs", 40), "");
    Path run = folder.resolve("run");
    Quern stopped = trainFolders("run", "--epochs", 40, "--max-time", "1s");
    assertEquals(stopped.out().contains("epoch was done") ? 2 : 0, stopped.code(), stopped.err());
    for (int i = 0; i < 100 && !Files.exists(run.resolve("report.html")); i++) {
      Quern resumed = Quern.run("train", "--resume", run, "--max-time", i < 3 ? "2s" : "100s");
      assertTrue(resumed.code() == 0 || resumed.err().contains("--max-time"), resumed.err());
    }
    for (String file : List.of("checkpoint-last.safetensors", "checkpoint-best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(run.resolve(file)));
    }
    Quern wrong = trainFolders("wrong", "--max-time", "soon");
    assertTrue(wrong.err().contains("'soon' is no time"), wrong.err());
  }

  @Test
  void theRunFolderIsTriedBeforeAnythingIsRead() throws IOException {
    folders(3);
    Files.write(folder.resolve("images").resolve("id1.png"), new byte[5]);
    Path file = Files.writeString(folder.resolve("file"), "kept");
    Quern quern = trainFolders("file");
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("--out " + file + " is a file"), quern.err());
    assertFalse(quern.err().contains("id1.png"), quern.err());
    assertEquals("kept", Files.readString(file));
  }

  @Test
  void aReportIsMadeAgain() throws IOException {
    folders(5);
    assertTrained(trainFolders("run", "--epochs", 2), "");
    Path report = folder.resolve("run").resolve("report.html");
    byte[] before = Files.readAllBytes(report);
    Files.delete(report);
    Quern again = Quern.run("report", folder.resolve("run"), "--backend", "reference");
    assertEquals(0, again.code(), again.err());
    assertArrayEquals(before, Files.readAllBytes(report));
    Quern none = Quern.run("report", folder.resolve("images"));
    assertEquals(2, none.code());
    assertTrue(none.err().contains("holds no run"), none.err());
  }

  @Test
  void aReportFindsListsThatWereMoved() throws IOException {
    folders(4);
    Path lists = Files.createDirectories(folder.resolve("lists"));
    for (String part : List.of("val", "test")) {
      for (String kind : List.of("images", "masks")) {
        String from = part.equals("val") ? "id1.png" : "id2.png";
        Files.copy(folder.resolve(kind).resolve(from), lists.resolve(part + "-" + kind + ".png"));
      }
      Files.writeString(
          lists.resolve(part + ".csv"),
          "image,mask\n%s-images.png,%s-masks.png\n".formatted(part, part));
    }
    assertTrained(
        trainFolders(
            "run",
            "--epochs",
            1,
            "--val-pairs",
            lists.resolve("val.csv"),
            "--test-pairs",
            lists.resolve("test.csv")),
        "");
    Path run = folder.resolve("run");
    byte[] report = Files.readAllBytes(run.resolve("report.html"));
    Path moved = Files.move(lists, folder.resolve("moved"));
    Quern again =
        Quern.run(
            "report",
            run,
            "--val-pairs",
            moved.resolve("val.csv"),
            "--test-pairs",
            moved.resolve("test.csv"),
            "--backend",
            "reference");
    assertEquals(0, again.code(), again.err());
    assertArrayEquals(report, Files.readAllBytes(run.resolve("report.html")));
  }

  @Test
  void predictOverwritesNothingOfOthers() throws IOException {
    folders(5);
    assertTrained(trainFolders("run", "--epochs", 2), "");
    Path masks = folder.resolve("masks");
    byte[] truth = Files.readAllBytes(masks.resolve("id3.png"));
    Quern refused = predict("run", folder.resolve("images"), masks);
    assertEquals(2, refused.code());
    assertTrue(refused.err().contains("5 files that quern predict did not write"), refused.err());
    assertArrayEquals(truth, Files.readAllBytes(masks.resolve("id3.png")));
    Quern images = predict("run", folder.resolve("images"), folder.resolve("images"));
    assertTrue(images.err().contains("would overwrite the image"), images.err());
    // its own results are replaced
    Path out = folder.resolve("out");
    assertEquals(0, predict("run", folder.resolve("images"), out).code());
    byte[] first = Files.readAllBytes(out.resolve("id3.png"));
    Quern again = predict("run", folder.resolve("images"), out, "--threshold", 0.01);
    assertEquals(0, again.code(), again.err());
    assertFalse(Arrays.equals(first, Files.readAllBytes(out.resolve("id3.png"))));
    assertEquals(0, predict("run", folder.resolve("images"), masks, "--overwrite").code());
  }

  @Test
  void predictTakesASingleImageAndWritesProbabilities() throws IOException {
    folders(5);
    assertTrained(trainFolders("run", "--epochs", 2), "");
    Path image = folder.resolve("images").resolve("id2.png");
    Path out = folder.resolve("out");
    Path probabilities = folder.resolve("probabilities");
    assertEquals(0, predict("run", image, out, "--threshold", 0.3).code());
    Quern quern = predict("run", image, probabilities, "--probabilities");
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
    folders(5);
    assertTrained(trainFolders("run", "--epochs", 2), "");
    Path images = folder.resolve("images");
    Files.write(
        images.resolve("id1.png"),
        Arrays.copyOf(Files.readAllBytes(images.resolve("id1.png")), 300));
    Files.write(images.resolve("id0.png"), new byte[5]);
    Path out = folder.resolve("out");
    Quern quern = predict("run", images, out);
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("id1.png") && quern.err().contains("id0.png"), quern.err());
    assertTrue(quern.err().contains("the other 3"), quern.err());
    try (var masks = Files.list(out)) {
      assertEquals(3, masks.count());
    }
    assertEquals(0, predict("run", images, folder.resolve("out2"), "--skip-bad").code());
  }

  private Quern plain() {
    folders(6);
    return trainFolders("plain");
  }

  private void folders(int count) {
    for (int i = 0; i < count; i++) {
      MaskPng.save(grey(sample(i)), "png", folder.resolve("images").resolve("id" + i + ".png"));
      MaskPng.write(folder.resolve("masks").resolve("id" + i + ".png"), mask(sample(i)));
    }
  }

  private Quern trainFolders(String run, Object... options) {
    List<Object> all = new ArrayList<>();
    all.addAll(List.of("--images", folder.resolve("images"), "--masks", folder.resolve("masks")));
    all.addAll(List.of(options));
    return train(run, all.toArray());
  }

  private Quern train(String run, Object... options) {
    List<Object> all = new ArrayList<>();
    all.addAll(List.of("train", "--backend", "reference", "--pixels", 400, "--batch-size", 2));
    if (!List.of(options).contains("--epochs")) {
      all.addAll(List.of("--epochs", 3));
    }
    all.addAll(List.of("--out", folder.resolve(run)));
    all.addAll(List.of(options));
    return Quern.run(all.toArray());
  }

  private Quern predict(String run, Path images, Path out, Object... options) {
    List<Object> all = new ArrayList<>();
    all.addAll(List.of("predict", "--backend", "reference", "--images", images, "--out", out));
    all.addAll(List.of("--checkpoint", folder.resolve(run).resolve("checkpoint-best.safetensors")));
    all.addAll(List.of(options));
    return Quern.run(all.toArray());
  }

  private static void assertTrained(Quern quern, String part) {
    assertEquals(0, quern.code(), quern.err());
    assertTrue(quern.out().contains(part), quern.out());
  }

  private static Sample sample(int index) {
    return new SyntheticMicroscopy(64, 4, 0).sample(index);
  }

  private static BufferedImage grey(Sample sample) {
    BufferedImage picture = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    float[] light = sample.image().plane(0);
    for (int p = 0; p < SIDE * SIDE; p++) {
      float value = light[p / SIDE * SyntheticMicroscopy.SIDE + p % SIDE];
      picture.getRaster().setSample(p % SIDE, p / SIDE, 0, Math.round(255 * value));
    }
    return picture;
  }

  private static Mask mask(Sample sample) {
    return new Mask(SIDE, SIDE, crop(sample.mask()));
  }

  private static byte[] crop(Mask mask) {
    byte[] values = new byte[SIDE * SIDE];
    for (int p = 0; p < values.length; p++) {
      values[p] = mask.values()[p / SIDE * SyntheticMicroscopy.SIDE + p % SIDE];
    }
    return values;
  }
}
