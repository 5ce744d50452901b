package dev.quern.train;

/**
 * What the user gave cannot be worked with. The message is one sentence that names the file or the
 * option and the remedy; the command line prints it alone and exits with code 2.
 */
public final class BadInputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception from its sentence.
   *
   * @param message one sentence for the user, with the remedy
   */
  public BadInputException(String message) {
    super(message);
  }

  /**
   * Makes the exception from its sentence and what caused it.
   *
   * @param message one sentence for the user, with the remedy
   * @param cause shown with {@code --debug} only
   */
  public BadInputException(String message, Throwable cause) {
    super(message, cause);
  }
}
