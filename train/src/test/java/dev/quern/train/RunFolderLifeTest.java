package dev.quern.train;

import static dev.quern.train.Folders.assertTrained;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a run: it stops, goes on and is reported again. */
class RunFolderLifeTest {

  private static final List<List<Object>> REPORT_AND_RESUME =
      List.of(List.of("report"), List.of("train", "--epochs", 2, "--resume"));

  @TempDir Path folder;

  private Folders folders;

  @BeforeEach
  void folders() {
    folders = new Folders(folder);
  }

  @Test
  void aRunStopsInTimeAndGoesOnToTheSameBytes() throws IOException {
    folders.make(6);
    Path whole = folder.resolve("whole");
    assertTrained(folders.trainFolders("whole", "--epochs", 40), "");
    Path run = folder.resolve("run");
    Quern stopped = folders.trainFolders("run", "--epochs", 40, "--max-time", "1s");
    assertEquals(stopped.out().contains("epoch was done") ? 2 : 0, stopped.code(), stopped.err());
    for (int i = 0; i < 100 && !Files.exists(run.resolve("report.html")); i++) {
      Quern resumed = Quern.run("train", "--resume", run, "--max-time", i < 3 ? "2s" : "100s");
      assertTrue(resumed.code() == 0 || resumed.err().contains("--max-time"), resumed.err());
    }
    for (String file : List.of("checkpoint-last.safetensors", "checkpoint-best.safetensors")) {
      assertArrayEquals(
          Files.readAllBytes(whole.resolve(file)), Files.readAllBytes(run.resolve(file)));
    }
    Quern wrong = folders.trainFolders("wrong", "--max-time", "soon");
    assertTrue(wrong.err().contains("'soon' is no time"), wrong.err());
  }

  @Test
  void theRunFolderIsTriedBeforeAnythingIsRead() throws IOException {
    folders.make(3);
    Files.write(folder.resolve("images").resolve("id1.png"), new byte[5]);
    Path file = Files.writeString(folder.resolve("file"), "kept");
    Quern quern = folders.trainFolders("file");
    assertEquals(2, quern.code());
    assertTrue(quern.err().contains("--out " + file + " is a file"), quern.err());
    assertFalse(quern.err().contains("id1.png"), quern.err());
    assertEquals("kept", Files.readString(file));
  }

  @Test
  void aReportIsMadeAgain() throws IOException {
    folders.make(5);
    assertTrained(folders.trainFolders("run", "--epochs", 2), "");
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
  void imagesThatWereAddedRemovedOrMoved() throws IOException {
    folders.make(6);
    assertTrained(folders.trainFolders("run", "--epochs", 2), "");
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
    folders.make(4);
    assertTrained(folders.trainFolders("run", "--epochs", 1), "");
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
  void aReportFindsListsThatWereMoved() throws IOException {
    folders.make(4);
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
        folders.trainFolders(
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
  void aListIsReplacedByAListOrByBothFolders() throws IOException {
    folders.make(4);
    StringBuilder list = new StringBuilder("image,mask\n");
    for (int i = 0; i < 4; i++) {
      list.append("images/id%d.png,masks/id%d.png\n".formatted(i, i));
    }
    Path pairs = Files.writeString(folder.resolve("pairs.csv"), list);
    assertTrained(folders.train("run", "--pairs", pairs, "--epochs", 1), "");
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
    folders.make(4);
    Path images = folder.resolve("images");
    Path masks = folder.resolve("masks");
    assertTrained(folders.train("synthetic", "--synthetic", 3, "--epochs", 1), "");
    assertTrained(folders.trainFolders("real", "--epochs", 1), "");
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
}
