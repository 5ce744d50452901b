package dev.quern.bench.kernels;

/**
 * A case needs what the backend, when asked, says it does not offer, or more elements than an
 * operand may have: the case is skipped.
 */
public final class NotOfferedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what is missing
   */
  public NotOfferedException(String message) {
    super(message);
  }
}
