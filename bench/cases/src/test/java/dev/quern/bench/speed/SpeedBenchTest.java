package dev.quern.bench.speed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.quern.BackendUnavailableException;
import dev.quern.bench.speed.compare.Comparison;
import dev.quern.bench.speed.compare.Comparison.Row;
import dev.quern.bench.speed.compare.Comparison.Verdict;
import dev.quern.bench.speed.measure.Schedule;
import dev.quern.bench.speed.measure.Schedule.Budget;
import dev.quern.bench.speed.measure.Schedule.VisitPlan;
import dev.quern.bench.speed.measure.Schedule.WarmUpPlan;
import dev.quern.bench.speed.measure.SpeedDevice;
import dev.quern.bench.speed.result.Ceilings;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.SpeedJson;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.bench.speed.result.SpeedTable;
import dev.quern.reference.ReferenceProvider;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class SpeedBenchTest {

  private static final Duration HOUR = Duration.ofHours(1);

  private static final Schedule SHORT = schedule(3, 3, HOUR, Duration.ofSeconds(1));

  private static final Schedule LONG = schedule(3, 60, HOUR, Duration.ofSeconds(1));

  private static final SpeedOptions OPTIONS =
      new SpeedOptions(
          List.of(),
          List.of("fill", "copy", "sigmoid", "softplus", "sum", "dice u8"),
          List.of(1 << 10, 1 << 13),
          List.of(),
          true);

  /** A round is a lap. */
  private static Schedule schedule(int leastRounds, int mostLaps, Duration total, Duration share) {
    return new Schedule(
        new Budget(total, Duration.ofNanos(1), leastRounds, mostLaps, Duration.ofSeconds(1)),
        new WarmUpPlan(2, List.of(1 << 12), Duration.ofMillis(50), Duration.ofMillis(5), HOUR),
        new VisitPlan(3, Duration.ofMillis(20), share),
        1 << 16);
  }

  private static SpeedRun run(double share, Consumer<SpeedRun> soFar) {
    return run(share, SHORT, soFar);
  }

  private static SpeedRun run(double share, Schedule schedule, Consumer<SpeedRun> soFar) {
    try (var device =
        new SpeedDevice(SlowedBackend.of(new ReferenceProvider().open(0), "sum", share))) {
      return SpeedBench.run(
          OPTIONS, schedule, "quern bench", "test", _ -> {}, soFar, List.of(device));
    }
  }

  @Test
  void everythingIsMeasuredAndPrinted() {
    var soFar = new ArrayList<SpeedRun>();
    SpeedRun run = run(0, soFar::add);
    assertEquals(List.of(1, 1), soFar.stream().map(SpeedBenchTest::mostVisits).toList());
    assertEquals(2 * 8, run.measurements().size(), () -> run.measurements().toString());
    for (Measurement m : run.measurements()) {
      assertTrue(m.taken(), m::toString);
      assertEquals(2, m.visits().size(), m::toString);
      assertTrue(m.quantileNanos(0.1) <= m.quantileNanos(0.9));
      assertEquals(1.0, run.againstReference(m).orElseThrow());
      assertEquals(
          m.benchmark().equals("dice u8") && !m.unfused(), run.againstUnfused(m).isPresent());
    }
    Ceilings ceilings = run.device("reference:0").ceilings();
    assertTrue(ceilings.bandwidthGbs() > 0.1 && ceilings.fmaGflops() > 0.1, ceilings::toString);
    assertEquals(List.of(), run.parity(), "the reference has nobody to be compared with");

    var bytes = new ByteArrayOutputStream();
    SpeedTable.print(run, new PrintStream(bytes, true, StandardCharsets.UTF_8));
    assertTrue(bytes.toString(StandardCharsets.UTF_8).contains("dice u8 unfused"));
    assertEquals(16, SpeedJson.read(SpeedJson.write(run)).measurements().size());
  }

  @Test
  void aKernelFiveTimesAsSlowStandsOut() {
    Row worst =
        compare(4).rows().stream().max(Comparator.comparingDouble(Row::ratio)).orElseThrow();
    assertEquals("sum", worst.name());
    assertTrue(worst.ratio() > 2, worst::toString);
  }

  /** Measured for real, unlike the made-up runs of ComparisonTest. */
  @Test
  @Tag("thorough")
  void aKernelSlowedByAFifthIsFoundAndTheSameBuildIsTheSame() {
    run(0, LONG, _ -> {}); // the first in this process would be compiled otherwise
    assertEquals(List.of(), clear(0));
    assertEquals(List.of("sum"), clear(0.2));
  }

  /** What became slower by a share, if a comparison of a few is clear about all kernels. */
  private static List<String> clear(double share) {
    for (int i = 0; i < 3; i++) {
      Comparison comparison = compare(share);
      if (comparison.rows().stream().noneMatch(row -> row.verdict() == Verdict.UNCLEAR)) {
        return comparison.slower().stream().map(Row::name).toList();
      }
    }
    System.err.println("SKIPPED: the machine is too busy to tell a fifth.");
    return abort("too busy");
  }

  private static Comparison compare(double share) {
    SpeedRun before = run(0, LONG, _ -> {});
    return Comparison.of(List.of(before), List.of(run(share, LONG, _ -> {})));
  }

  @Test
  void whatThereIsNoTimeForIsLeftOutWithTheReason() {
    SpeedRun run = run(0, schedule(0, 3, Duration.ofNanos(1), HOUR), _ -> {});
    assertEquals(2 * 8, run.measurements().size());
    for (Measurement m : run.measurements()) {
      assertTrue(!m.taken(), m::toString);
      assertTrue(String.valueOf(m.leftOut()).startsWith("no time was left: "), m::toString);
    }
    SpeedTable.print(
        run, new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
  }

  @Test
  void whatTakesLongerThanItsShareIsMeasuredInTheFirstRoundsOnly() {
    SpeedRun run = run(0, schedule(1, 8, HOUR, Duration.ofNanos(1)), _ -> {});
    assertEquals(3 - 1, mostVisits(run));
    run = run(0, schedule(1, 8, HOUR, Duration.ofSeconds(1)), _ -> {});
    assertEquals(8 - 1, mostVisits(run));
  }

  /** Of those that count: the first of a kernel in Java does not, where there are others. */
  private static int mostVisits(SpeedRun run) {
    return run.measurements().stream().mapToInt(m -> m.visits().size()).max().orElseThrow();
  }

  @Test
  void namesThatAreNotThereAreRefused() {
    var nothing = new SpeedOptions(List.of(), List.of("sigmund"), List.of(), List.of(), true);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> SpeedBench.run(nothing, "", "", _ -> {}, _ -> {}));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith("No benchmark is named so; there are: fill,"));
    var absent = new SpeedOptions(List.of("abacus"), List.of(), List.of(), List.of(), true);
    assertThrows(
        BackendUnavailableException.class, () -> SpeedBench.run(absent, "", "", _ -> {}, _ -> {}));
    assertThrows(
        IllegalArgumentException.class,
        () -> new SpeedOptions(List.of(), List.of(), List.of(0), List.of(), true));
    assertThrows(IllegalArgumentException.class, () -> SpeedJson.read("{\"format\": 99}"));
  }
}
