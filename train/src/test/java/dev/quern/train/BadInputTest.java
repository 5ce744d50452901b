package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.data.mask.Mask;
import dev.quern.train.data.mask.MaskPng;
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
  void anotherProgramsBenchmarkOfAnotherFormatOrOfQuernItself() throws IOException {
    Path other = folder.resolve("other.json");
    Path html = folder.resolve("report.html");
    Files.writeString(other, run("{\"format\":1"));
    assertRefused(
        Quern.run("bench", "--with", other, "--html", html), "format 1", "reads format 2");
    Files.writeString(other, run("{\"format\":2"));
    assertRefused(Quern.run("bench", "--with", other, "--html", html), "(simd:0)", "--compare");
    assertRefused(Quern.run("bench", "--with", other), "--with needs --html");
    assertFalse(Files.exists(html));
  }

  @Test
  void benchmarkWhoseResultCouldNotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");
    assertRefused(
        Quern.run("bench", "--quick", "--json", file.resolve("new.json")), "Cannot write", "file");
    assertRefused(Quern.run("bench", "--quick", "--html", folder), "it is a folder", "in it");
    assertEquals("kept", Files.readString(file));
  }

  @Test
  void selftestWhoseResultCouldNotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "kept");
    assertRefused(
        Quern.run("selftest", "--json", file.resolve("new.json")), "Cannot write", "file");
  }

  /** A run of one device, behind the beginning of its JSON. */
  private static String run(String beginning) {
    return beginning
        + ",\"quern\":\"\",\"started\":\"\",\"seconds\":1,\"command\":\"\",\"machine\":{\"processor\":\"\","
        + "\"architecture\":\"\",\"processors\":1,\"memoryBytes\":1,\"system\":\"\",\"java\":\"\",\"options\":[]},"
        + "\"devices\":[{\"id\":\"simd:0\",\"name\":\"\",\"kind\":\"CPU\",\"driver\":\"\",\"computeUnits\":1,"
        + "\"ceilings\":{\"copyGbs\":1,\"readGbs\":1,\"triadGbs\":1,\"fmaGflops\":1,\"launchMicros\":1,"
        + "\"uploadGbs\":1,\"downloadGbs\":1}}],\"measurements\":[],\"parity\":[]}";
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
  void lossesThatAreNone() {
    refusedLoss("dise", "there is no loss dise", "bce, dice, focal, jaccard, lovasz, tversky");
    refusedLoss("dice(alpha=1)", "dice has no parameter alpha", "smooth, eps");
    refusedLoss("bce(smooth=1)", "bce has no parameter smooth", "none");
    refusedLoss("focal(gama=2)", "focal has no parameter gama", "gamma, alpha");
    refusedLoss("focal(gamma=-2)", "gamma");
    refusedLoss("tversky(alpha=x)", "'x'", "no number");
    refusedLoss("tversky(alpha=NaN)", "'NaN'", "no number");
    refusedLoss("tversky(alpha)", "'alpha' is no parameter", "name=number");
    refusedLoss("tversky(alpha=1, alpha=2)", "alpha is given twice");
    refusedLoss("tversky(alpha=-1)", "tversky(alpha=-1)", "alpha");
    refusedLoss("two*dice", "'two'", "no number");
    refusedLoss("0*dice", "weight of dice is 0.0");
    refusedLoss("-1*dice", "weight of dice is -1.0");
    refusedLoss("dice+", "'' is no loss");
    refusedLoss("dice bce", "'dice bce' is no loss");
    refusedLoss("dice(smooth=1", "is no loss");
  }

  private void refusedLoss(String loss, String... parts) {
    Quern quern = Quern.run("train", "--loss", loss, "--out", run);
    assertRefused(quern, "--loss");
    assertRefused(quern, parts);
    assertFalse(Files.exists(run));
  }

  @Test
  void optimizersAndSchedulesOutOfRange() {
    refused("--optimizer", "lion", "lion", "ADAMW");
    refused("--weight-decay", -1, "--weight-decay is -1.0");
    refused("--momentum", "NaN", "--momentum is NaN");
    refused("--momentum", 0.9, "--momentum goes with --optimizer sgd");
    refused("--l1", -0.1, "--l1 is -0.1");
    refused("--clip", -1, "--clip is -1.0");
    refused("--ema", 1, "--ema is 1.0");
    refused("--warmup", -1, "--warmup is -1");
    refused("--warmup", 20, "--warmup is 20 epochs", "only 20");
    refused("--min-lr", -1, "--min-lr is -1.0");
    refused("--min-lr", 0.5, "--min-lr is 0.5", "--lr is 0.05");
    refused("--period", 0, "--period is 0");
    refused("--period-factor", 0, "--period-factor is 0");
    refused("--restart-decay", 0, "--restart-decay is 0.0");
    refused("--restart-decay", 1.5, "--restart-decay is 1.5");
    refused("--patience", -1, "--patience is -1");
    refused("--factor", 1, "--factor is 1.0");
    refused("--threshold", -1, "--threshold is -1.0");
    refused("--threshold-mode", "sometimes", "sometimes");
    refused("--cooldown", -1, "--cooldown is -1");
    assertRefused(
        Quern.run("train", "--scheduler", "step", "--step-size", 0, "--out", run), "stepSize");
    assertRefused(
        Quern.run("train", "--scheduler", "multistep", "--milestones", "5,3", "--out", run),
        "[5, 3]");
    assertRefused(
        Quern.run("train", "--scheduler", "exponential", "--gamma", 0, "--out", run), "gamma");
    assertRefused(
        Quern.run("train", "--scheduler", "onecycle", "--epochs", 3, "--out", run), "pctStart");
    refused("--lr", 1e39, "lr is 1.0E39", "3.4028235E38");
    refused("--weight-decay", 1e-50, "weightDecay is 1.0E-50", "give 0 or at least that");
    refused("--clip", 1e-50, "--clip is 1.0E-50");
    refused("--ema", 0.999999999, "--ema is 0.999999999");
    assertRefused(Quern.run("train", "--nesterov", "--out", run), "--nesterov needs");
    assertRefused(
        Quern.run("train", "--optimizer", "sgd", "--l1", 1, "--out", run), "--l1 goes with");
  }

  private void refused(String option, Object value, String... parts) {
    assertRefused(Quern.run("train", "--model", "pixel", option, value, "--out", run), parts);
    assertFalse(Files.exists(run));
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
                "--model",
                "pixel",
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
    assertRefused(
        Quern.run("train", "--resume", run, "--lr", 1), "--lr is 1.0", "0.05", "--resume");
    assertRefused(
        Quern.run("train", "--resume", run, "--loss", "bce"), "--loss is bce", "dice+bce");
    assertRefused(
        Quern.run("train", "--resume", run, "--images", images, "--masks", masks),
        "--images",
        "started without");
    assertRefused(Quern.run("train", "--resume", run, "--out", folder), "--out cannot be given");
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
    long lines = quern.err().lines().filter(line -> !line.startsWith("quern: see quern ")).count();
    assertEquals(1, lines, quern.err());
  }

  private static void write(Path folder, int index, int height, int width) {
    byte[] values = new byte[height * width];
    Arrays.fill(values, width, 3 * width, (byte) 1);
    MaskPng.write(folder.resolve("i" + index + ".png"), new Mask(height, width, values));
  }
}
