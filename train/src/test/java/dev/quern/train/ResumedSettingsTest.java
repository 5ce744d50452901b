package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that goes on takes options that say what it has, and no others. */
class ResumedSettingsTest {

  private static final List<Object> SGD =
      List.of("--optimizer", "sgd", "--momentum", 0.9, "--nesterov", "--lr", 2, "--min-lr", 1.5);

  @TempDir Path folder;

  @Test
  void whatTheRunHasMayBeSaidAgain() throws IOException {
    train("sgd", SGD);
    goesOn("sgd", "--momentum", 0.9);
    goesOn("sgd", "--nesterov");
    goesOn("sgd", "--min-lr", 1.5);
    goesOn("sgd", SGD.toArray());
    train("long", List.of("--epochs", 30, "--warmup", 25, "--max-time", "1ms"));
    // stopped before its first epoch was done
    says("long", 2, "--max-time", "--warmup", 25, "--max-time", "1ms");
    train("step", List.of("--scheduler", "step", "--gamma", 0.3, "--step-size", 2));
    goesOn("step", "--gamma", 0.3);
    train("multistep", List.of("--scheduler", "multistep", "--milestones", "1,2"));
    goesOn("multistep", "--milestones", "1,2");
    train("plain", List.of("--loss", " dice + bce ", "--period", 7));
    goesOn("plain", "--loss", " dice + bce ", "--period", 7);
  }

  @Test
  void whatTheRunMakesNoUseOfMayBeSaidAgain() throws IOException {
    train("cosine", List.of("--power", 0.5, "--gamma", 0.3));
    goesOn("cosine", "--power", 0.5, "--gamma", 0.3);
  }

  @Test
  void whatSaysSomethingElseIsRefusedWithBothValues() {
    train("sgd", SGD);
    differs("sgd", "--momentum is 0.8, but the run was started with 0.9", "--momentum", 0.8);
    differs("sgd", "--optimizer is ADAM, but the run was started with SGD", "--optimizer", "adam");
    differs("sgd", "--lr is -1.0, but the run was started with 2.0", "--lr", -1);
    differs("sgd", "--warmup is 99, but the run was started with 0", "--warmup", 99);
    differs(
        "sgd", "--scheduler is STEP, but the run was started with COSINE", "--scheduler", "step");
    for (List<Object> option :
        List.<List<Object>>of(
            List.of("--fold", "1/2"),
            List.of("--test-fraction", 0.1),
            List.of("--mask-suffix", "_m"),
            List.of("--recursive"),
            List.of("--ignore-value", 7))) {
      differs("sgd", "but the run was started without", option.toArray());
    }
    train("multistep", List.of("--scheduler", "multistep", "--milestones", "1,2"));
    differs(
        "multistep",
        "--milestones is 1,3, but the run was started with 1,2",
        "--milestones",
        "1,3");
  }

  private void train(String run, List<Object> options) {
    List<Object> words = new ArrayList<>(List.of("train", "--out", folder.resolve(run)));
    words.addAll(List.of("--backend", "reference", "--model", "pixel"));
    words.addAll(List.of("--synthetic", 3, "--pixels", 50));
    if (!options.contains("--epochs")) {
      words.addAll(List.of("--epochs", 1));
    }
    words.addAll(options);
    Quern quern = Quern.run(words.toArray());
    assertTrue(quern.code() == 0 || quern.err().contains("--max-time"), quern.err());
  }

  private void goesOn(String run, Object... options) throws IOException {
    List<Object> words = new ArrayList<>(List.of("train", "--resume", folder.resolve(run)));
    // a heading and a line for each epoch, so that one more is trained
    int epochs = Files.readAllLines(folder.resolve(run).resolve("metrics.csv")).size();
    words.addAll(List.of("--epochs", epochs));
    words.addAll(List.of(options));
    Quern quern = Quern.run(words.toArray());
    assertEquals(0, quern.code(), words + quern.err());
  }

  private void differs(String run, String sentence, Object... options) {
    says(run, 2, sentence, options);
    says(run, 2, "leave it out or start a new run", options);
  }

  private void says(String run, int code, String sentence, Object... options) {
    List<Object> words = new ArrayList<>(List.of("train", "--resume", folder.resolve(run)));
    words.addAll(List.of(options));
    Quern quern = Quern.run(words.toArray());
    assertEquals(code, quern.code(), quern.out());
    assertTrue(quern.err().contains(sentence), quern.err());
    assertFalse(quern.err().contains("\tat "), quern.err());
  }
}
