package dev.quern.train.image.sample;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a tolerant reading has to say about one file; each thing once. */
public final class Warnings {

  private final Path file;
  private final List<String> sentences = new ArrayList<>();

  public Warnings(Path file) {
    this.file = file;
  }

  /** Adds "FILE: PHRASE.". */
  public void add(String phrase) {
    String sentence = "%s: %s.".formatted(file, phrase);
    if (!sentences.contains(sentence)) {
      sentences.add(sentence);
    }
  }

  public List<String> sentences() {
    return List.copyOf(sentences);
  }
}
