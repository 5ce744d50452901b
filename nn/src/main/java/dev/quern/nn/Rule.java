package dev.quern.nn;

import java.util.List;
import java.util.function.Consumer;

/**
 * How an operation gives the gradient of its first result on to its inputs.
 *
 * @param needs what the body reads besides the gradient
 * @param body gives to the inputs that want it
 */
record Rule(List<Need> needs, Consumer<Unwinding> body) {
  /** Every input wants it, or nobody asks. */
  private static final int ANY = -1;

  /** No gradient goes through. */
  static final Rule NONE = rule(_ -> {});

  /**
   * A tensor that has to be kept.
   *
   * @param isInput whether it is an input; else a result
   * @param index which one
   * @param wanting the input whose gradient needs it
   */
  record Need(boolean isInput, int index, int wanting) {
    boolean isMet(boolean[] wants) {
      return wanting == ANY || wants[wanting];
    }
  }

  static Rule rule(Consumer<Unwinding> body, Need... needs) {
    return new Rule(List.of(needs), body);
  }

  /** An input, whatever is wanted. */
  static Need input(int index) {
    return new Need(true, index, ANY);
  }

  /** An input, if another's gradient is wanted. */
  static Need input(int index, int wanting) {
    return new Need(true, index, wanting);
  }

  /** A result, whatever is wanted. */
  static Need output(int index) {
    return new Need(false, index, ANY);
  }

  /** A result, if an input's gradient is wanted. */
  static Need output(int index, int wanting) {
    return new Need(false, index, wanting);
  }

  boolean isNone() {
    return equals(NONE);
  }
}
