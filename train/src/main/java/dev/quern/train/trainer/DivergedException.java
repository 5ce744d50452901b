package dev.quern.train.trainer;

/** The loss is no longer a number; the message says when and what to do. */
public final class DivergedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  DivergedException(String message) {
    super(message);
  }
}
