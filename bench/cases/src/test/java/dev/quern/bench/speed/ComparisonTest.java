package dev.quern.bench.speed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.bench.speed.Comparison.Verdict;
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

  private static final int ROUNDS = 3;

  private static SpeedRun run(long seed) {
    return run(seed, (_, _) -> 1);
  }

  /**
   * A run: each visit at a pace of its own, samples that scatter by 3 %, one in twelve disturbed by
   * half, and each measurement off by up to 3 % for the whole run, as where memory lies does it.
   */
  private static SpeedRun run(long seed, ToDoubleBiFunction<String, Long> slowdown) {
    return run("simd:0", seed, slowdown);
  }

  private static SpeedRun run(String device, long seed, ToDoubleBiFunction<String, Long> slowdown) {
    var random = new SplittableRandom(seed);
    double runPace = Math.exp(0.1 * random.nextGaussian());
    var measurements = new ArrayList<Measurement>();
    for (String kernel : KERNELS) {
      for (long size : SIZES) {
        double offset = Math.exp(random.nextDouble(-0.03, 0.03));
        var visits = new ArrayList<Visit>();
        for (int round = 0; round < ROUNDS; round++) {
          double pace = runPace * Math.exp(0.08 * random.nextGaussian());
          var nanos = new ArrayList<Double>();
          for (int sample = 0; sample < 5; sample++) {
            double disturbed = random.nextInt(12) == 0 ? 1.5 : 1;
            double scatter = Math.exp(0.03 * random.nextGaussian());
            double work = size * slowdown.applyAsDouble(kernel, size);
            nanos.add(work * offset * scatter * disturbed / pace);
          }
          visits.add(
              new Visit(
                  nanos,
                  20 * Math.exp(0.1 * random.nextGaussian()),
                  100 * pace * Math.exp(0.01 * random.nextGaussian())));
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

  /** As the command line does it: the second process only if the first leaves doubt. */
  private static Comparison compare(SpeedRun old, SpeedRun recent, SpeedRun again) {
    var first = Comparison.of(old, recent);
    return first.wantsConfirmation()
        ? Comparison.agreed(List.of(first, Comparison.of(old, again)))
        : first;
  }

  @Test
  void twoRunsOfTheSameBuildShowNoChange() {
    for (long seed = 0; seed < 100; seed++) {
      var comparison = Comparison.of(run(seed), run(~seed));
      assertEquals(List.of(), comparison.slower(), "seed " + seed);
      assertEquals(KERNELS.size(), comparison.rows().size());
      assertEquals(List.of(), comparison.differences());
    }
  }

  @Test
  void aKernelSlowedByAFifthIsFoundAndNoOther() {
    ToDoubleBiFunction<String, Long> slowed = (kernel, _) -> kernel.equals("bce") ? 1.2 : 1;
    for (long seed = 0; seed < 100; seed++) {
      var comparison = compare(run(seed), run(~seed, slowed), run(seed + 1_000, slowed));
      assertEquals(
          List.of("bce"),
          comparison.slower().stream().map(Comparison.Row::benchmark).toList(),
          "seed " + seed);
      assertEquals(1.2, comparison.slower().getFirst().ratio(), 0.09, "seed " + seed);
      var reverse = compare(run(seed, slowed), run(~seed), run(seed + 1_000));
      assertTrue(
          reverse.rows().stream()
              .anyMatch(row -> row.benchmark().equals("bce") && row.verdict() == Verdict.FASTER),
          "seed " + seed);
    }
  }

  @Test
  void theReferenceIsComparedOnlyWhereItIsAlone() {
    var before = run("reference:0", 1, (_, _) -> 1);
    var after = run("reference:0", 2, (_, _) -> 1.33);
    assertEquals(KERNELS.size(), Comparison.of(before, after).rows().size());
    var rows = Comparison.of(before, beside(after, run(2))).rows();
    assertEquals(List.of(), rows);
    rows = Comparison.of(beside(before, run(1)), beside(after, run(2))).rows();
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
    var comparison = Comparison.of(run(1), run(2, (_, _) -> 1.33));
    assertEquals(KERNELS.size(), comparison.slower().size());
  }

  @Test
  void noiseThatWouldHideAFifthIsSaid() {
    var random = new SplittableRandom(5);
    var comparison =
        Comparison.of(
            run(1, (_, _) -> Math.exp(0.4 * random.nextGaussian())),
            run(2, (_, _) -> Math.exp(0.4 * random.nextGaussian())));
    assertTrue(comparison.rows().stream().anyMatch(row -> row.verdict() == Verdict.UNCLEAR));
  }

  @Test
  void whatTwoProcessesDoNotAgreeOnIsUnclear() {
    var old = run(1);
    ToDoubleBiFunction<String, Long> slowed = (kernel, _) -> kernel.equals("bce") ? 1.3 : 1;
    ToDoubleBiFunction<String, Long> sped = (kernel, _) -> kernel.equals("bce") ? 0.7 : 1;
    var slower = Comparison.of(old, run(2, slowed));
    assertTrue(slower.wantsConfirmation());
    for (var again : List.of(run(3), run(3, sped))) {
      var agreed = Comparison.agreed(List.of(slower, Comparison.of(old, again)));
      assertEquals(List.of(), agreed.slower());
      assertEquals(
          List.of("bce"),
          agreed.rows().stream()
              .filter(row -> row.verdict() != Verdict.SAME)
              .map(Comparison.Row::benchmark)
              .toList());
    }
  }

  @Test
  void aChangeOfTheOlderProcessIsUnclearIfAnotherOlderOneDoesNotShowIt() {
    ToDoubleBiFunction<String, Long> sped = (kernel, _) -> kernel.equals("bce") ? 0.7 : 1;
    var unlucky = Comparison.of(run(1, sped), run(2));
    assertEquals(1, unlucky.slower().size());
    for (var others : List.of(List.of(run(3)), List.of(run(3, sped), run(4), run(5, sped)))) {
      var all = new ArrayList<>(List.of(unlucky));
      others.forEach(old -> all.add(Comparison.of(old, run(2))));
      assertEquals(List.of(), Comparison.agreed(all).slower());
    }
  }

  @Test
  void theClearerOfTwoProcessesDecides() {
    var random = new SplittableRandom(5);
    ToDoubleBiFunction<String, Long> slowed = (kernel, _) -> kernel.equals("bce") ? 1.3 : 1;
    ToDoubleBiFunction<String, Long> unsteady =
        (kernel, size) ->
            slowed.applyAsDouble(kernel, size) * Math.exp(0.1 * random.nextGaussian());
    int bce = KERNELS.indexOf("bce");
    var old = run(1);
    var clear = Comparison.of(old, run(3, slowed));
    Comparison unclear;
    do {
      unclear = Comparison.of(old, run(2, unsteady));
    } while (unclear.rows().get(bce).verdict() != Verdict.UNCLEAR
        || unclear.rows().get(bce).ratio() < 1.2);
    for (var order : List.of(List.of(unclear, clear), List.of(clear, unclear))) {
      var agreed = Comparison.agreed(order);
      assertEquals(
          List.of("bce"), agreed.slower().stream().map(Comparison.Row::benchmark).toList());
      assertEquals(clear.rows().get(bce).band(), agreed.rows().get(bce).band());
      assertEquals(clear.rows().get(bce).ratio(), agreed.rows().get(bce).ratio());
    }
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
    var comparison = Comparison.of(fewer, some);
    assertEquals(1, comparison.rows().size());
    assertEquals(List.of("processor: other cpu, now cpu"), comparison.differences());
  }

  @Test
  void quantilesInterpolate() {
    List<Double> values = List.of(4.0, 1.0, 3.0, 2.0);
    assertEquals(2.5, Quantiles.median(values));
    assertEquals(1, Quantiles.of(values, 0));
    assertEquals(4, Quantiles.of(values, 1));
    assertEquals(1.3, Quantiles.of(values, 0.1), 1e-12);
  }

  @Test
  void jsonHoldsEverythingThatIsCompared() {
    var run = run(3);
    var read = SpeedJson.read(SpeedJson.write(run));
    assertEquals(run.devices(), read.devices());
    assertEquals(run.machine(), read.machine());
    assertEquals(run.measurements().size(), read.measurements().size());
    for (int i = 0; i < run.measurements().size(); i++) {
      double written = run.measurements().get(i).medianNanos();
      assertEquals(written, read.measurements().get(i).medianNanos(), 1e-3 * written);
    }
    assertFalse(
        Comparison.of(run, read).rows().stream().anyMatch(row -> row.verdict() != Verdict.SAME));
  }
}
