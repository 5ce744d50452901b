package dev.quern.train.batch;

import dev.quern.train.message.BadInputException;

/** A sample cannot be used; the samples behind it may. */
public final class UnusableSampleException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final int index;
  private final BadInputException reason;

  /**
   * Says that a sample cannot be used.
   *
   * @param index of the sample in the data set
   * @param reason the sentence for the user
   */
  public UnusableSampleException(int index, BadInputException reason) {
    super(reason.getMessage(), reason);
    this.index = index;
    this.reason = reason;
  }

  /**
   * Which sample.
   *
   * @return its index in the data set
   */
  public int index() {
    return index;
  }

  /**
   * Why it cannot be used.
   *
   * @return the sentence for the user
   */
  public BadInputException reason() {
    return reason;
  }
}
