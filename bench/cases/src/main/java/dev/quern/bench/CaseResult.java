package dev.quern.bench;

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
}
