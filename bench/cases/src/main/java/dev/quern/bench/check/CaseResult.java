package dev.quern.bench.check;

import dev.quern.bench.kernels.NotOfferedException;
import java.util.Optional;

/**
 * What became of one case.
 *
 * @param suite the suite it belongs to
 * @param name the case's identity within the suite
 * @param status passed, failed or skipped
 * @param detail why it failed or was skipped, in one sentence; empty when it passed
 */
public record CaseResult(String suite, String name, Status status, String detail) {

  /** How a case ended. */
  public enum Status {
    /** Every check held. */
    PASSED,
    /** A check did not hold, or the case threw. */
    FAILED,
    /** The case was not run. */
    SKIPPED
  }

  /**
   * {@return a case whose every check held}
   *
   * @param suite the suite it belongs to
   * @param name the case's identity within the suite
   */
  public static CaseResult passed(String suite, String name) {
    return new CaseResult(suite, name, Status.PASSED, "");
  }

  /**
   * {@return a case that failed}
   *
   * @param suite the suite it belongs to
   * @param name the case's identity within the suite
   * @param why what did not hold
   */
  public static CaseResult failed(String suite, String name, String why) {
    return new CaseResult(suite, name, Status.FAILED, why);
  }

  /**
   * {@return a case that was not run}
   *
   * @param suite the suite it belongs to
   * @param name the case's identity within the suite
   * @param why the reason
   */
  public static CaseResult skipped(String suite, String name, String why) {
    return new CaseResult(suite, name, Status.SKIPPED, why);
  }

  /** A check that says what does not hold, or nothing. */
  public interface Check {
    /** {@return what does not hold; empty if everything does} */
    Optional<String> run();
  }

  /**
   * {@return what becomes of a case: what its check says, or throws, is a failure; what a backend
   * says it cannot do is skipped}
   *
   * @param suite the suite it belongs to
   * @param name the case's identity within the suite
   * @param check runs the case
   */
  public static CaseResult attempt(String suite, String name, Check check) {
    try {
      return check.run().map(why -> failed(suite, name, why)).orElseGet(() -> passed(suite, name));
    } catch (NotOfferedException e) {
      return skipped(suite, name, String.valueOf(e.getMessage()));
    } catch (RuntimeException | AssertionError e) {
      return failed(suite, name, e.toString());
    }
  }
}
