package dev.quern.nn.safetensors;

import java.util.List;
import java.util.Map;

/** A JSON value as far as headers have to be understood: their numbers are whole. */
sealed interface Json {

  /** Members in the order of the text. */
  record Members(Map<String, Json> byName) implements Json {
    @Override
    public String toString() {
      return "an object";
    }
  }

  /** A list. */
  record Items(List<Json> list) implements Json {
    @Override
    public String toString() {
      return "a list";
    }
  }

  /** A string, without its escapes. */
  record Text(String text) implements Json {
    @Override
    public String toString() {
      return '"' + text + '"';
    }
  }

  /** A number, {@code true}, {@code false} or {@code null}, as it stands in the text. */
  record Word(String word) implements Json {
    static final Word NULL = new Word("null");

    @Override
    public String toString() {
      return word;
    }
  }
}
