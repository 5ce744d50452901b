package dev.quern.bench.speed.measure;

import dev.quern.OutOfDeviceMemoryException;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.speed.result.Measurement;
import dev.quern.bench.speed.result.Visit;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Goes over all cells of one device in laps: in each, a cell gets one short visit, unless it has
 * used up its share of the time.
 *
 * <p>What disturbs a machine that others use too lasts from milliseconds to seconds, and takes up
 * to twice the time of a kernel. Many short visits spread over the run meet as much of it in every
 * cell, where few long ones each meet what there is just then. So operands stay set up between the
 * laps, up to a size and as far as they take no more than a quarter of the device's memory.
 */
public final class Laps implements AutoCloseable {

  private static final String LATE =
      "no time was left: take the run again, as programs once built are kept, or without --quick";

  /** A cell gets this many visits, one in each of the first rounds, whatever its share. */
  private static final int LEAST_VISITS = 3;

  /** Larger operands are set up anew for every visit. */
  private static final int MOST_KEPT_ELEMENTS = 1 << 20;

  /** Of the device's memory, the part that may be taken by operands that are kept. */
  private static final int KEPT_PART = 4;

  private final SpeedDevice device;
  private final boolean baseline;
  private final Schedule schedule;
  private final Stopwatch stopwatch;
  private final Consumer<String> progress;
  private final List<Timing> timings;

  /** The shortest call of each cell so far. */
  private final Map<Cell, Double> shortest;

  private int laps;
  private long keptBytes;

  /**
   * Laps of a device, none taken yet.
   *
   * @param device where
   * @param baseline whether the device is only there for others to be compared with: then it takes
   *     a single lap, without unfused definitions
   * @param benchmarks what is measured
   * @param sizes in how many elements, ascending
   * @param schedule how much time is spent on what
   * @param shortest the shortest call of each cell so far, kept up to date
   * @param progress is told what is under way
   */
  public Laps(
      SpeedDevice device,
      boolean baseline,
      List<Benchmark> benchmarks,
      List<Integer> sizes,
      Schedule schedule,
      Map<Cell, Double> shortest,
      Consumer<String> progress) {
    this.device = device;
    this.baseline = baseline;
    this.schedule = schedule;
    this.stopwatch =
        new Stopwatch(schedule.visit().samples(), schedule.visit().longest().toNanos());
    this.shortest = shortest;
    this.progress = progress;
    this.timings =
        benchmarks.stream()
            .flatMap(benchmark ->
                sizes.stream().flatMap(size -> cells(benchmark, size)).map(Timing::new))
            .toList();
  }

  private Stream<Cell> cells(Benchmark benchmark, int size) {
    var fused = new Cell(benchmark, false, size, device);
    return benchmark.loss() == null || baseline
        ? Stream.of(fused)
        : Stream.of(fused, new Cell(benchmark, true, size, device));
  }

  /**
   * Takes laps for as long as a round gives a device, at least one.
   *
   * @param number which round this is, from 1 on
   * @param end when nothing new is begun any more; what was never measured is left out then
   */
  public void round(int number, long end) {
    long roundEnd = Math.min(end, System.nanoTime() + schedule.budget().round().toNanos());
    do {
      if (isDone()) {
        return;
      }
      lap(Math.min(number, LEAST_VISITS), end);
    } while (System.nanoTime() <= roundEnd);
  }

  /** {@return whether further rounds would measure nothing} */
  public boolean isDone() {
    return laps >= (baseline ? 1 : schedule.budget().mostLaps());
  }

  /** {@return what was found so far, and what was left out} */
  public List<Measurement> measurements() {
    return timings.stream().map(Timing::measurement).toList();
  }

  private void lap(int leastVisits, long end) {
    laps++;
    long share = laps * schedule.visit().share().toNanos();
    for (Timing timing : timings) {
      boolean due = timing.visits() < leastVisits || timing.spentNanos() <= share;
      if (timing.isTooLarge() || !due) {
        continue;
      }
      boolean late = System.nanoTime() > end;
      if (late && timing.visits() > 0) {
        return;
      }
      Cell cell = timing.cell();
      progress.accept(device.id() + ", " + cell.benchmark().name() + ", " + cell.size());
      // what takes too long is tried again in the next lap: it may have been compiled by then
      String why = timing.visits() > 0 ? null : refusal(cell);
      if (why != null || late) {
        timing.leaveOut(why != null ? why : LATE);
      } else {
        visit(timing);
      }
    }
  }

  private void visit(Timing timing) {
    PreparedCall prepared = timing.kept();
    boolean kept = prepared != null;
    long start = System.nanoTime();
    try {
      if (prepared == null) {
        prepared = timing.cell().prepare();
        kept = mayKeep(timing.cell());
        if (kept) {
          timing.keep(prepared);
          keptBytes += timing.cell().bytes();
          start = System.nanoTime(); // set up once for all visits: not the time of this one
        }
      }
      Runnable call = prepared.call();
      Visit visit =
          device.visit(() -> stopwatch.time(call, device.backend(), timing.cell().bytes()));
      timing.add(visit, System.nanoTime() - start);
      shortest.merge(timing.cell(), Collections.min(visit.nanos()), Math::min);
    } catch (OutOfDeviceMemoryException | OutOfMemoryError e) {
      timing.giveUp("not enough memory: " + e.getMessage());
    } finally {
      if (prepared != null && !kept) {
        prepared.close();
      }
    }
  }

  private boolean mayKeep(Cell cell) {
    long memory = device.backend().device().memoryBytes();
    boolean fits = memory <= 0 || keptBytes + cell.bytes() <= memory / KEPT_PART;
    return !baseline && fits && cell.size() <= MOST_KEPT_ELEMENTS;
  }

  /** Why a cell cannot be measured or is not worth it, or null. */
  private @Nullable String refusal(Cell cell) {
    if (!cell.isSupported()) {
      return "not supported by this backend";
    }
    long bytes = cell.memoryBytes();
    long available = device.backend().device().memoryBytes();
    if (available > 0 && bytes > available / 2) {
      return String.format(Locale.ROOT, "needs %d MB on the device", bytes >> 20);
    }
    if (bytes > Runtime.getRuntime().maxMemory() / 2 && !cell.unfused()) {
      return String.format(
          Locale.ROOT, "needs %d MB of heap, QUERN_JAVA_OPTS=-Xmx gives more", bytes >> 20);
    }
    double expected = cell.expectedNanos(shortest);
    if (expected > schedule.budget().longestCall().toNanos()) {
      return String.format(Locale.ROOT, "a call would take about %.1f s", expected / 1e9);
    }
    return null;
  }

  /** Gives the memory of kept operands back. */
  @Override
  public void close() {
    device.backend().synchronize();
    timings.forEach(Timing::release);
  }
}
