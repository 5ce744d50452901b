package dev.quern.bench.speed;

import java.util.List;

/**
 * How much time is spent on what.
 *
 * @param leastRounds rounds of the devices' turns that are taken however long they last
 * @param mostLaps laps a device takes if there is time
 * @param budgetNanos after this nothing new is begun; in the first round, what was not measured by
 *     then is left out
 * @param turnNanos how long a device goes on before it is another's turn, at least a lap
 * @param sliceNanos what a lap gives a cell: one that took more waits for so many laps
 * @param stopwatch for a visit
 * @param calls of each kernel in Java in a sweep of the warm-up, in the smallest size: C2 takes up
 *     a method with a loop after some hundreds to thousands
 * @param mostCallsNanos how long those may take
 * @param leastCallsNanos how long calls of every size take
 * @param warmUpNanos after this a sweep past the least ends where it is
 * @param warmUpSizes elements in the sweeps
 * @param compilerNanos how long the compiler is waited for in all after calls of the warm-up
 * @param compilerNanosOfVisit and before a lap, or a first visit
 * @param longestCallNanos measurements whose calls take longer are left out
 * @param ceilingElements elements of an operand when the ceilings are measured
 */
record Pace(
    int leastRounds,
    int mostLaps,
    long budgetNanos,
    long turnNanos,
    long sliceNanos,
    Stopwatch stopwatch,
    int calls,
    long mostCallsNanos,
    long leastCallsNanos,
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
          0,
          150,
          54 * SECOND,
          4 * SECOND,
          2 * MILLISECOND,
          new Stopwatch(2, 20 * MILLISECOND),
          1500,
          120 * MILLISECOND,
          10 * MILLISECOND,
          20 * SECOND,
          List.of(1 << 10, 1 << 14, 1 << 17),
          1 * SECOND,
          200 * MILLISECOND,
          80 * MILLISECOND,
          1 << 23);

  /** Half an hour, or three rounds if those take longer. */
  static final Pace THOROUGH =
      new Pace(
          3,
          150,
          30 * 60 * SECOND,
          60 * SECOND,
          20 * MILLISECOND,
          new Stopwatch(3, 200 * MILLISECOND),
          10_000,
          SECOND,
          50 * MILLISECOND,
          120 * SECOND,
          List.of(1 << 10, 1 << 14, 1 << 18),
          5 * SECOND,
          2 * SECOND,
          5 * SECOND,
          1 << 25);
}
