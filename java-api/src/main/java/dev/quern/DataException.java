package dev.quern;

/**
 * Data given to a kernel was faulty, for example a label out of range. It is found on the device
 * and reported at the next host read; the faulty elements counted as ignored.
 */
public final class DataException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message what was wrong, the first index where, and the remedy
   */
  public DataException(String message) {
    super(message);
  }

  /**
   * Reports a label out of range.
   *
   * @param index the first faulty element
   * @return the exception
   */
  public static DataException label(long index) {
    return new DataException(
        "A label is neither a class (0 or 1 of a binary target) nor the ignore index, first at element "
            + index
            + "; map the labels to the classes, or set ignoreIndex.");
  }
}
