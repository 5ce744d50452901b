package dev.quern;

/** A backend that was asked for by name cannot be used; the message holds reasons and remedies. */
public final class BackendUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the backend asked for, why it cannot be used, what can
   */
  public BackendUnavailableException(String message) {
    super(message);
  }
}
