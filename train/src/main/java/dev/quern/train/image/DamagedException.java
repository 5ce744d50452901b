package dev.quern.train.image;

import java.io.IOException;

/** The bytes contradict the format. The message is a phrase without a full stop. */
final class DamagedException extends IOException {

  private static final long serialVersionUID = 1L;

  DamagedException(String phrase) {
    super(phrase);
  }
}
