package dev.quern.train.image;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What a tolerant reading has to say about one file; each thing once. */
final class Warnings {

  private final Path file;
  private final List<String> sentences = new ArrayList<>();

  Warnings(Path file) {
    this.file = file;
  }

  /** Adds "FILE: PHRASE.". */
  void add(String phrase) {
    String sentence = "%s: %s.".formatted(file, phrase);
    if (!sentences.contains(sentence)) {
      sentences.add(sentence);
    }
  }

  List<String> sentences() {
    return List.copyOf(sentences);
  }
}
