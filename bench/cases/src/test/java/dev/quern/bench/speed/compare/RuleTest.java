package dev.quern.bench.speed.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.bench.speed.compare.Comparison.Verdict;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What counts as a change, on made-up numbers. */
class RuleTest {

  /** Errors of a change whose noise is the least change, 12 % and 30 %. */
  private static final double STEADY = 0.01;

  private static final double NOISY = Math.log(1.12) / 3;
  private static final double WILD = Math.log(1.3) / 3;

  private static final Rule ALONE = new Rule(0, 0);

  /** Every process shows the same ratio of new over old. */
  private static Change change(double ratio, double error) {
    return change(ratio, ratio, error);
  }

  private static Change change(double ratio, double leastOfAnyProcess, double error) {
    double value = Math.log(ratio);
    double least = Math.log(leastOfAnyProcess);
    return new Change(value, error, Math.min(value, least), Math.max(value, least));
  }

  private static void assertVerdict(Verdict slow, Verdict fast, double ratio, double error) {
    assertEquals(slow, ALONE.verdict(change(ratio, error)));
    assertEquals(fast, ALONE.verdict(change(1 / ratio, error)));
  }

  @Test
  void aChangeBeyondTheNoiseIsTold() {
    assertVerdict(Verdict.SLOWER, Verdict.FASTER, 1.2, STEADY);
    assertVerdict(Verdict.SLOWER, Verdict.FASTER, 1.09, STEADY);
    assertVerdict(Verdict.SLOWER, Verdict.FASTER, 1.2, NOISY);
    assertVerdict(Verdict.SLOWER, Verdict.FASTER, 3, WILD);
  }

  @Test
  void smallChangesAreNone() {
    assertVerdict(Verdict.SAME, Verdict.SAME, 1.07, STEADY);
    assertVerdict(Verdict.SAME, Verdict.SAME, 1.07, NOISY);
  }

  @Test
  void aChangeWithinTheSpreadOfTheVisitsIsUnclear() {
    assertVerdict(Verdict.UNCLEAR, Verdict.UNCLEAR, 1.1, NOISY);
    assertVerdict(Verdict.UNCLEAR, Verdict.UNCLEAR, 1.5, WILD);
    assertVerdict(Verdict.UNCLEAR, Verdict.UNCLEAR, 1, WILD);
  }

  @Test
  void aChangeThatAProcessDoesNotShowIsUnclear() {
    assertEquals(Verdict.UNCLEAR, ALONE.verdict(change(1.3, 1.05, STEADY)));
    assertEquals(Verdict.SLOWER, ALONE.verdict(change(1.3, 1.1, STEADY)));
    assertEquals(Verdict.UNCLEAR, ALONE.verdict(change(1 / 1.3, 1 / 1.05, STEADY)));
    assertEquals(Verdict.FASTER, ALONE.verdict(change(1 / 1.3, 1 / 1.1, STEADY)));
  }

  @Test
  void aChangeWithinTheScatterOfAllKernelsIsUnclear() {
    var kernels =
        List.of(
            change(1, STEADY),
            change(0.94, STEADY),
            change(1.06, STEADY),
            change(0.9, STEADY),
            change(1.12, STEADY),
            change(1.15, STEADY));
    Rule rule = Rule.of(kernels);
    assertEquals(Verdict.UNCLEAR, rule.verdict(kernels.getLast()));
    assertEquals(Verdict.SLOWER, ALONE.verdict(kernels.getLast()));
  }

  @Test
  void whatAllKernelsDoAlikeUpToATenthIsDrift() {
    Rule rule = Rule.of(Collections.nCopies(5, change(1.09, STEADY)));
    assertEquals(Verdict.SAME, rule.verdict(change(1.09, STEADY)));
    assertEquals(Verdict.SLOWER, rule.verdict(change(1.2, STEADY)));
    rule = Rule.of(Collections.nCopies(5, change(1.3, STEADY)));
    assertEquals(Verdict.SLOWER, rule.verdict(change(1.3, STEADY)));
    assertEquals(ALONE, Rule.of(Collections.nCopies(4, change(1.09, STEADY))));
  }
}
