package dev.quern.bench.speed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.BackendUnavailableException;
import dev.quern.bench.speed.Comparison.Row;
import dev.quern.reference.ReferenceProvider;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class SpeedBenchTest {

  private static final long HOUR = 3_600_000_000_000L;

  private static final Pace SHORT = pace(3, 3, HOUR, 1_000_000_000);

  private static final SpeedOptions OPTIONS =
      new SpeedOptions(
          List.of(),
          List.of("fill", "copy", "sigmoid", "softplus", "sum", "dice u8"),
          List.of(1 << 10, 1 << 13),
          List.of(),
          true);

  /** A turn is a lap. */
  private static Pace pace(int leastRounds, int mostLaps, long budgetNanos, long sliceNanos) {
    return new Pace(
        leastRounds,
        mostLaps,
        budgetNanos,
        1,
        sliceNanos,
        new Stopwatch(3, 20_000_000),
        1000,
        20_000_000,
        5_000_000,
        1_000_000_000,
        List.of(1 << 12),
        1_000_000_000,
        100_000_000,
        1_000_000_000,
        1 << 16);
  }

  private static SpeedRun run(double share) {
    return run(share, _ -> {});
  }

  private static SpeedRun run(double share, Consumer<SpeedRun> soFar) {
    return run(share, SHORT, soFar);
  }

  private static SpeedRun run(double share, Pace pace, Consumer<SpeedRun> soFar) {
    try (var device =
        new SpeedDevice(SlowedBackend.of(new ReferenceProvider().open(0), "sum", share))) {
      return SpeedBench.run(OPTIONS, pace, "quern bench", "test", _ -> {}, soFar, List.of(device));
    }
  }

  @Test
  void everythingIsMeasuredAndASlowedKernelStandsOut() {
    var soFar = new ArrayList<SpeedRun>();
    SpeedRun run = run(0, soFar::add);
    assertEquals(List.of(1, 2), soFar.stream().map(SpeedBenchTest::mostVisits).toList());
    assertEquals(2 * 8, run.measurements().size(), () -> run.measurements().toString());
    for (Measurement m : run.measurements()) {
      assertTrue(m.taken(), m::toString);
      assertTrue(!m.visits().isEmpty() && m.visits().size() <= 3, m::toString);
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

    // by far more than a fifth, so that a busy machine does not hide it; ComparisonTest has the
    // fifth
    Comparison comparison =
        Comparison.of(List.of(SpeedJson.read(SpeedJson.write(run))), List.of(run(4)));
    Row worst =
        comparison.rows().stream().max(Comparator.comparingDouble(Row::ratio)).orElseThrow();
    assertEquals("sum", worst.benchmark());
    assertTrue(worst.ratio() > 2, worst::toString);
  }

  @Test
  void whatThereIsNoTimeForIsLeftOutWithTheReason() {
    SpeedRun run = run(0, pace(0, 3, 1, HOUR), _ -> {});
    assertEquals(2 * 8, run.measurements().size());
    for (Measurement m : run.measurements()) {
      assertTrue(!m.taken(), m::toString);
      assertTrue(String.valueOf(m.leftOut()).startsWith("no time was left: "), m::toString);
    }
    SpeedTable.print(
        run, new PrintStream(new ByteArrayOutputStream(), true, StandardCharsets.UTF_8));
  }

  @Test
  void whatTakesLongerThanItsShareIsMeasuredInTheFirstTurnsOnly() {
    SpeedRun run = run(0, pace(1, 8, HOUR, 1), _ -> {});
    assertEquals(3, mostVisits(run));
    run = run(0, pace(1, 8, HOUR, 1_000_000_000), _ -> {});
    assertEquals(8, mostVisits(run));
  }

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
