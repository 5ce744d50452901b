package dev.quern.spi;

/** Whether a backend can do what it is asked for. */
public sealed interface Support {
  /**
   * Says that it can.
   *
   * @return the consent
   */
  static Support yes() {
    return new Yes();
  }

  /**
   * Says that it cannot.
   *
   * @param reason what is missing, as a clause without a full stop
   * @return the refusal
   */
  static Support no(String reason) {
    return new No(reason);
  }

  /**
   * Tells whether it can.
   *
   * @return whether it can
   */
  default boolean isYes() {
    return this instanceof Yes;
  }

  /**
   * Goes on only if it can.
   *
   * @param what what was asked for, the beginning of the message
   * @throws UnsupportedOperationException with the reason, if it cannot
   */
  default void require(Object what) {
    if (this instanceof No(String reason)) {
      throw new UnsupportedOperationException(what + " is not supported: " + reason + ".");
    }
  }

  /** It can. */
  record Yes() implements Support {}

  /**
   * It cannot.
   *
   * @param reason what is missing, as a clause without a full stop
   */
  record No(String reason) implements Support {}
}
