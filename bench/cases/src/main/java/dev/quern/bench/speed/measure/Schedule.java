package dev.quern.bench.speed.measure;

import java.time.Duration;
import java.util.List;

/**
 * How much time is spent on what.
 *
 * @param budget the time of the whole run
 * @param warmUp what is done before anything is measured
 * @param visit the time of a visit
 * @param ceilingElements elements of an operand when the ceilings are measured
 */
public record Schedule(Budget budget, WarmUpPlan warmUp, VisitPlan visit, int ceilingElements) {

  /** Within a minute on two cores. */
  public static final Schedule QUICK =
      new Schedule(Budget.QUICK, WarmUpPlan.QUICK, VisitPlan.QUICK, 1 << 23);

  /** Half an hour, or three rounds if those take longer. */
  public static final Schedule THOROUGH =
      new Schedule(Budget.THOROUGH, WarmUpPlan.THOROUGH, VisitPlan.THOROUGH, 1 << 25);

  /**
   * The time of the whole run.
   *
   * @param total after this nothing new is begun, unless the least rounds are still under way; what
   *     was not measured by then is left out
   * @param round how long a device goes on before it is another's turn, at least a lap
   * @param leastRounds rounds that are taken however long they last
   * @param mostLaps laps of a device, if there is time
   * @param longestCall what takes longer is left out
   */
  public record Budget(
      Duration total, Duration round, int leastRounds, int mostLaps, Duration longestCall) {

    private static final int MOST_LAPS = 150;

    static final Budget QUICK =
        new Budget(
            Duration.ofSeconds(54), Duration.ofSeconds(4), 0, MOST_LAPS, Duration.ofMillis(80));

    static final Budget THOROUGH =
        new Budget(
            Duration.ofMinutes(30), Duration.ofMinutes(1), 3, MOST_LAPS, Duration.ofSeconds(5));
  }

  /**
   * What is done before anything is measured: the same for every kernel, whatever it gains by it.
   *
   * @param sweeps times that all kernels are called; what was compiled for one kernel is often
   *     thrown away when the next one comes the same way, so that each needs more than one
   * @param sizes elements, ascending
   * @param smallest in a sweep, time of a kernel in the smallest size: the compiler counts calls,
   *     not elements
   * @param larger and in each larger size
   * @param longest after this no further sweep is begun: a busy machine measures too
   */
  public record WarmUpPlan(
      int sweeps, List<Integer> sizes, Duration smallest, Duration larger, Duration longest) {

    static final WarmUpPlan QUICK =
        new WarmUpPlan(
            4,
            List.of(1 << 10, 1 << 14, 1 << 17),
            Duration.ofMillis(50),
            Duration.ofMillis(5),
            Duration.ofSeconds(20));

    static final WarmUpPlan THOROUGH =
        new WarmUpPlan(
            4,
            List.of(1 << 10, 1 << 14, 1 << 18),
            Duration.ofMillis(500),
            Duration.ofMillis(50),
            Duration.ofMinutes(2));

    /** Copies the list. */
    public WarmUpPlan {
      sizes = List.copyOf(sizes);
    }

    Duration of(int size) {
      return size == sizes.getFirst() ? smallest : larger;
    }
  }

  /**
   * The time of a visit.
   *
   * @param samples times of a call that are taken, at most
   * @param longest how long a visit may take, with the calls before the first sample; one sample is
   *     taken anyway
   * @param share what a lap gives a kernel in one size: one that took more waits for so many laps
   */
  public record VisitPlan(int samples, Duration longest, Duration share) {

    static final VisitPlan QUICK = new VisitPlan(2, Duration.ofMillis(20), Duration.ofMillis(2));

    static final VisitPlan THOROUGH =
        new VisitPlan(3, Duration.ofMillis(200), Duration.ofMillis(20));
  }
}
