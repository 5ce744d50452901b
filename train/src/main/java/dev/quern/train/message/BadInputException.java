package dev.quern.train.message;

import java.util.List;

/**
 * What the user gave cannot be worked with. The message is one sentence that names the file or the
 * option and the remedy; the command line prints it alone and exits with code 2.
 */
public final class BadInputException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient List<String> details;

  /**
   * Makes the exception from its sentence.
   *
   * @param message one sentence for the user, with the remedy
   */
  public BadInputException(String message) {
    this(message, List.of());
  }

  /**
   * Makes the exception from its sentence and what it sums up.
   *
   * @param message one sentence for the user, with the remedy
   * @param details a sentence each, shown in lines of their own
   */
  public BadInputException(String message, List<String> details) {
    super(message);
    this.details = List.copyOf(details);
  }

  /**
   * What the message sums up.
   *
   * @return a sentence each; mostly none
   */
  public List<String> details() {
    return details;
  }

  /**
   * Makes the exception from its sentence and what caused it.
   *
   * @param message one sentence for the user, with the remedy
   * @param cause shown with {@code --debug} only
   */
  public BadInputException(String message, Throwable cause) {
    super(message, cause);
    this.details = List.of();
  }
}
