package dev.quern.train.image.sample;

import java.io.IOException;

/** The bytes contradict the format. The message is a phrase without a full stop. */
public final class DamagedException extends IOException {

  private static final long serialVersionUID = 1L;

  public DamagedException(String phrase) {
    super(phrase);
  }
}
