package dev.quern.train.image.sample;

import java.io.IOException;

/**
 * The file is sound and of a kind that is not read here. The message completes the sentence "FILE
 * ..." and names the remedy.
 */
public final class UnreadException extends IOException {

  private static final long serialVersionUID = 1L;

  public UnreadException(String predicate) {
    super(predicate);
  }
}
