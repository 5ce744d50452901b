package dev.quern.bench.speed;

import java.util.List;

/**
 * How much time is spent on what.
 *
 * @param leastRounds rounds taken however long they last
 * @param mostRounds rounds taken if there is time
 * @param budgetNanos no further round begins that would end after this
 * @param stopwatch for a visit
 * @param firstWarmUp for the first visit, at the first of the warm-up sizes: long enough for the
 *     compiler to notice code that is a thousand times slower without it
 * @param warmUp for the visits between that and the first round
 * @param warmUpNanos none of those begins after this
 * @param warmUpSizes elements in those
 * @param compilerNanos how long the compiler is waited for after a sweep
 * @param compilerNanosOfVisit and before a visit
 * @param longestCallNanos measurements whose calls take longer are left out
 * @param ceilingElements elements of an operand when the ceilings are measured
 */
record Pace(
    int leastRounds,
    int mostRounds,
    long budgetNanos,
    Stopwatch stopwatch,
    Stopwatch firstWarmUp,
    Stopwatch warmUp,
    long warmUpNanos,
    List<Integer> warmUpSizes,
    long compilerNanos,
    long compilerNanosOfVisit,
    long longestCallNanos,
    int ceilingElements) {

  private static final long MILLISECOND = 1_000_000L;
  private static final long SECOND = 1_000 * MILLISECOND;

  /** Within a minute on two cores. */
  static final Pace QUICK =
      new Pace(
          1,
          5,
          57 * SECOND,
          new Stopwatch(5, 40 * MILLISECOND),
          new Stopwatch(64, 200 * MILLISECOND),
          new Stopwatch(32, 30 * MILLISECOND),
          17 * SECOND,
          List.of(1 << 14, 1 << 17),
          8 * SECOND,
          200 * MILLISECOND,
          80 * MILLISECOND,
          1 << 23);

  /** Half an hour, or three rounds if those take longer. */
  static final Pace THOROUGH =
      new Pace(
          3,
          5,
          30 * 60 * SECOND,
          new Stopwatch(9, 400 * MILLISECOND),
          new Stopwatch(500, 2 * SECOND),
          new Stopwatch(10_000, 100 * MILLISECOND),
          120 * SECOND,
          List.of(1 << 14, 1 << 18),
          30 * SECOND,
          2 * SECOND,
          5 * SECOND,
          1 << 25);
}
