package dev.quern.train.data;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.train.message.BadInputException;
import org.junit.jupiter.api.function.Executable;

/** Checks that input is refused with a sentence that says the right things. */
public final class Refusal {

  private Refusal() {}

  public static void of(Executable call, String... parts) {
    String message = String.valueOf(assertThrows(BadInputException.class, call).getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
