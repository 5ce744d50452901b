package dev.quern.train.checkpoint;

import dev.quern.train.message.BadInputException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import tools.jackson.core.JacksonException;

/**
 * Reads something that may be damaged, and says what is wrong of it in a sentence.
 *
 * @param sentence makes a sentence with the remedy of half a one about the fault
 */
record Understanding(UnaryOperator<String> sentence) {

  /**
   * Reads it.
   *
   * @param reading throws what is caught here, with half a sentence, when something is wrong
   * @throws BadInputException when something is
   */
  <T> T of(Supplier<T> reading) {
    try {
      return reading.get();
    } catch (IllegalStateException
        | IllegalArgumentException
        | IndexOutOfBoundsException
        | JacksonException e) {
      throw new BadInputException(sentence.apply(fault(e)), e);
    }
  }

  /** The fault alone: the whole message of a parser is about its source in memory, too. */
  private static String fault(RuntimeException e) {
    String message =
        e instanceof JacksonException json ? json.getOriginalMessage() : e.getMessage();
    return String.valueOf(message).lines().findFirst().orElse("");
  }
}
