package dev.quern.bench.speed.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.speed.compare.Comparison.Verdict;
import dev.quern.bench.speed.result.Ceilings;
import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.Machine;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.SpeedJson;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.bench.speed.result.Visit;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleBiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The statistic on made-up runs of a machine whose pace varies and that others use too. */
class ComparisonTest {

  private static final List<String> KERNELS =
      List.of("fill", "copy", "add", "sigmoid", "sum", "matrix product", "dice", "bce", "adam");

  private static final List<Long> SIZES = List.of(1L << 10, 1L << 14, 1L << 17, 1L << 20);

  private static final int VISITS = 60;

  private static SpeedRun run(long seed) {
    return run(seed, (_, _) -> 1);
  }

  /**
   * A run of a machine in two states: for about half of the visits its processors are shared and do
   * all things 1.4 times as slowly, and a third of those with two threads twice as slowly, which
   * the pace around does not show. Samples scatter by 3 %, one in twelve is disturbed by half, and
   * each measurement is off by up to 3 % for the whole run, as where memory lies does it.
   */
  private static SpeedRun run(long seed, ToDoubleBiFunction<String, Long> slowdown) {
    return run("simd:0", seed, slowdown);
  }

  private static SpeedRun run(String device, long seed, ToDoubleBiFunction<String, Long> slowdown) {
    var random = new SplittableRandom(seed);
    double runPace = Math.exp(0.1 * random.nextGaussian());
    double shared = random.nextDouble(0.3, 0.7);
    var measurements = new ArrayList<Measurement>();
    for (String kernel : KERNELS) {
      for (long size : SIZES) {
        double offset = Math.exp(random.nextDouble(-0.03, 0.03));
        var visits = new ArrayList<Visit>();
        for (int i = 0; i < VISITS; i++) {
          boolean slow = random.nextDouble() < shared;
          double pace = slow ? runPace / 1.4 : runPace;
          double unseen = slow && size > 1 << 16 && random.nextInt(3) == 0 ? 2 : 1;
          var nanos = new ArrayList<Double>();
          for (int sample = 0; sample < 2; sample++) {
            double disturbed = random.nextInt(12) == 0 ? 1.5 : 1;
            double scatter = Math.exp(0.03 * random.nextGaussian());
            double work = size * slowdown.applyAsDouble(kernel, size);
            nanos.add(work * offset * scatter * disturbed * unseen / pace);
          }
          visits.add(new Visit(nanos, 100 * pace * Math.exp(0.02 * random.nextGaussian())));
        }
        measurements.add(
            new Measurement(
                device, "pointwise", kernel, false, "F32", size, 8 * size, size, visits, null));
      }
    }
    var ceilings = new Ceilings(20, 20, 20, 100, 1, 10, 10);
    return new SpeedRun(
        SpeedRun.FORMAT,
        "test",
        "2026-01-01T00:00:00Z",
        1,
        "test",
        new Machine("cpu", "amd64", 2, 1L << 33, "linux", "java", List.of()),
        List.of(new DeviceRun(device, "vectors", "CPU", "java", 2, ceilings)),
        measurements,
        List.of());
  }

  private static List<String> slower(Comparison comparison) {
    return comparison.slower().stream().map(Comparison.Row::benchmark).toList();
  }

  /** A process in which one kernel was compiled badly. */
  private static SpeedRun unlucky(long seed, String kernel) {
    return run(seed, (name, _) -> name.equals(kernel) ? 1.4 : 1);
  }

  @Test
  void twoRunsOfTheSameBuildShowNoChange() {
    for (long seed = 0; seed < 100; seed++) {
      var comparison = Comparison.of(List.of(run(seed)), List.of(run(~seed)));
      String which = "seed " + seed;
      assertTrue(comparison.rows().stream().allMatch(row -> row.verdict() == Verdict.SAME), which);
      assertEquals(KERNELS.size(), comparison.rows().size());
      assertEquals(List.of(), comparison.differences());
    }
  }

  @Test
  void aKernelSlowedByAFifthIsFoundAndNoOther() {
    ToDoubleBiFunction<String, Long> slowed = (kernel, _) -> kernel.equals("bce") ? 1.2 : 1;
    for (long seed = 0; seed < 100; seed++) {
      var comparison = Comparison.of(List.of(run(seed)), List.of(run(~seed, slowed)));
      assertEquals(List.of("bce"), slower(comparison), "seed " + seed);
      assertEquals(1.2, comparison.slower().getFirst().ratio(), 0.06, "seed " + seed);
      var reverse = Comparison.of(List.of(run(~seed, slowed)), List.of(run(seed)));
      assertTrue(
          reverse.rows().stream()
              .anyMatch(row -> row.benchmark().equals("bce") && row.verdict() == Verdict.FASTER),
          "seed " + seed);
    }
  }

  @Test
  void theFastestProcessOfEachBuildCounts() {
    var old = List.of(run(1), run(2));
    var badlyCompiled = Comparison.of(old, List.of(unlucky(3, "adam")));
    assertEquals(List.of("adam"), slower(badlyCompiled));
    assertTrue(badlyCompiled.wantsConfirmation());
    var again = Comparison.of(old, List.of(unlucky(3, "adam"), unlucky(4, "dice")));
    assertEquals(List.of(), slower(again));
    assertFalse(again.wantsConfirmation());
    var reverse = Comparison.of(List.of(unlucky(3, "adam"), unlucky(4, "dice")), old);
    assertTrue(reverse.rows().stream().allMatch(row -> row.verdict() == Verdict.SAME));
    ToDoubleBiFunction<String, Long> slowed = (kernel, _) -> kernel.equals("bce") ? 1.2 : 1;
    var truly = Comparison.of(old, List.of(run(5, slowed), run(6, slowed), run(7, slowed)));
    assertEquals(List.of("bce"), slower(truly));
  }

  @Test
  void theReferenceIsComparedOnlyWhereItIsAlone() {
    var before = run("reference:0", 1, (_, _) -> 1);
    var after = run("reference:0", 2, (_, _) -> 1.33);
    assertEquals(KERNELS.size(), Comparison.of(List.of(before), List.of(after)).rows().size());
    var rows = Comparison.of(List.of(before), List.of(beside(after, run(2)))).rows();
    assertEquals(List.of(), rows);
    rows = Comparison.of(List.of(beside(before, run(1))), List.of(beside(after, run(2)))).rows();
    assertTrue(rows.stream().allMatch(row -> row.device().equals("simd:0")));
    assertEquals(KERNELS.size(), rows.size());
  }

  /** One run with the devices of both. */
  private static SpeedRun beside(SpeedRun one, SpeedRun other) {
    return new SpeedRun(
        one.format(),
        one.quern(),
        one.started(),
        one.seconds(),
        one.command(),
        one.machine(),
        Stream.concat(one.devices().stream(), other.devices().stream()).toList(),
        Stream.concat(one.measurements().stream(), other.measurements().stream()).toList(),
        List.of());
  }

  @Test
  void everythingSlowerByAThirdIsNotTakenForDrift() {
    var comparison = Comparison.of(List.of(run(1)), List.of(run(2, (_, _) -> 1.33)));
    assertEquals(KERNELS.size(), comparison.slower().size());
  }

  @Test
  void noiseThatWouldHideAFifthIsSaid() {
    var random = new SplittableRandom(5);
    var comparison =
        Comparison.of(
            List.of(run(1, (_, _) -> Math.exp(0.4 * random.nextGaussian()))),
            List.of(run(2, (_, _) -> Math.exp(0.4 * random.nextGaussian()))));
    assertTrue(comparison.rows().stream().anyMatch(row -> row.verdict() == Verdict.UNCLEAR));
  }

  @Test
  void whatASingleProcessWasLuckyWithIsUnclear() {
    var lucky = run(1, (kernel, _) -> kernel.equals("adam") ? 0.7 : 1);
    assertEquals(List.of("adam"), slower(Comparison.of(List.of(lucky), List.of(run(2)))));
    var withAnother = Comparison.of(List.of(lucky, run(3)), List.of(run(2), run(4)));
    assertEquals(List.of(), slower(withAnother));
    assertTrue(withAnother.wantsConfirmation());
    var reverse = Comparison.of(List.of(run(2)), List.of(lucky, run(3)));
    for (var comparison : List.of(withAnother, reverse)) {
      assertEquals(
          List.of("adam"),
          comparison.rows().stream()
              .filter(row -> row.verdict() == Verdict.UNCLEAR)
              .map(Comparison.Row::benchmark)
              .toList());
    }
  }

  @Test
  void aSingleVisitIsUnclear() {
    var once = firstVisits(run(1));
    var comparison = Comparison.of(List.of(once), List.of(run(2)));
    assertTrue(comparison.rows().stream().allMatch(row -> row.verdict() == Verdict.UNCLEAR));
    assertTrue(comparison.wantsConfirmation());
  }

  private static SpeedRun firstVisits(SpeedRun run) {
    return withMeasurements(
        run,
        run.measurements().stream()
            .map(m ->
                new Measurement(
                    m.device(),
                    m.family(),
                    m.benchmark(),
                    m.unfused(),
                    m.dtype(),
                    m.elements(),
                    m.bytes(),
                    m.operations(),
                    m.visits().subList(0, 1),
                    null))
            .toList());
  }

  private static SpeedRun withMeasurements(SpeedRun run, List<Measurement> measurements) {
    return new SpeedRun(
        run.format(),
        run.quern(),
        run.started(),
        run.seconds(),
        run.command(),
        run.machine(),
        run.devices(),
        measurements,
        List.of());
  }

  @Test
  void onlyWhatBothRunsMeasuredIsCompared() {
    var some = run(1);
    var fewer =
        new SpeedRun(
            some.format(),
            some.quern(),
            some.started(),
            some.seconds(),
            some.command(),
            new Machine("other cpu", "amd64", 2, 1L << 33, "linux", "java", List.of()),
            some.devices(),
            some.measurements().subList(0, 4),
            List.of());
    var comparison = Comparison.of(List.of(fewer), List.of(some));
    assertEquals(1, comparison.rows().size());
    assertEquals(List.of("processor: other cpu, now cpu"), comparison.differences());
  }

  @Test
  void jsonHoldsEverythingThatIsCompared() {
    var run = run(3);
    var read = SpeedJson.read(SpeedJson.write(run));
    assertEquals(run.devices(), read.devices());
    assertEquals(run.machine(), read.machine());
    assertEquals(run.measurements().size(), read.measurements().size());
    for (int i = 0; i < run.measurements().size(); i++) {
      double written = run.measurements().get(i).callNanos();
      assertEquals(written, read.measurements().get(i).callNanos(), 1e-3 * written);
    }
    assertFalse(
        Comparison.of(List.of(run), List.of(read)).rows().stream()
            .anyMatch(row -> row.verdict() != Verdict.SAME));
  }
}
