package dev.quern.bench.definition;

import org.jspecify.annotations.Nullable;

/**
 * Whether a result is what its definition says.
 *
 * @param failure what is wrong, in one sentence; null if nothing is
 * @param choseSide whether it is right only on the other side of a jump that rounding may cross
 */
public record Verdict(@Nullable String failure, boolean choseSide) {
  /** Nothing is wrong. */
  public static final Verdict RIGHT = new Verdict(null, false);

  /**
   * {@return a verdict that something is wrong}
   *
   * @param failure what
   */
  public static Verdict wrong(String failure) {
    return new Verdict(failure, false);
  }
}
