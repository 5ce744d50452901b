package dev.quern.bench.speed;

import dev.quern.OutOfDeviceMemoryException;
import dev.quern.bench.kernels.Benchmark;
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
final class Laps implements AutoCloseable {

  private static final String LATE =
      "no time was left: take the run again, as programs once built are kept, or without --quick";

  /** So often at most a kernel in Java is timed in its first visit until it is compiled. */
  private static final int MOST_ATTEMPTS = 6;

  /** So often everything is measured, once in each of the first turns, whatever its share. */
  private static final int LEAST_VISITS = 3;

  /** Larger operands are set up anew for every visit. */
  private static final int MOST_KEPT_ELEMENTS = 1 << 20;

  /** Of the device's memory, the part that may be taken by operands that are kept. */
  private static final int KEPT_PART = 4;

  private final SpeedDevice device;
  private final boolean yardstick;
  private final Pace pace;
  private final Compiler compiler;
  private final Consumer<String> progress;
  private final List<Timing> timings;

  /** The shortest call of each cell so far. */
  private final Map<Cell, Double> shortest;

  private int laps;
  private long keptBytes;

  Laps(
      SpeedDevice device,
      boolean yardstick,
      List<Benchmark> benchmarks,
      List<Integer> sizes,
      Pace pace,
      Compiler compiler,
      Map<Cell, Double> shortest,
      Consumer<String> progress) {
    this.device = device;
    this.yardstick = yardstick;
    this.pace = pace;
    this.compiler = compiler;
    this.shortest = shortest;
    this.progress = progress;
    this.timings =
        benchmarks.stream()
            .flatMap(benchmark ->
                sizes.stream().flatMap(size -> cells(benchmark, size)).map(Timing::new))
            .toList();
  }

  /** A kernel in one size and, but of the yardstick, its unfused definition. */
  private Stream<Cell> cells(Benchmark benchmark, int size) {
    var fused = new Cell(benchmark, false, size, device);
    return benchmark.loss() == null || yardstick
        ? Stream.of(fused)
        : Stream.of(fused, new Cell(benchmark, true, size, device));
  }

  /**
   * Takes laps for as long as a turn lasts, at least one. A device that is only there for others to
   * be compared with takes a single one.
   *
   * @param number which turn this is, from 1 on
   * @param end when nothing new is begun any more; what was never measured is left out then
   */
  void turn(int number, long end) {
    long turnEnd = Math.min(end, System.nanoTime() + pace.turnNanos());
    do {
      if (isDone()) {
        return;
      }
      lap(Math.min(number, LEAST_VISITS), end);
    } while (System.nanoTime() <= turnEnd);
  }

  /** Whether further turns would measure nothing. */
  boolean isDone() {
    return laps >= (yardstick ? 1 : pace.mostLaps());
  }

  List<Measurement> measurements() {
    return timings.stream().map(Timing::measurement).toList();
  }

  private void lap(int leastVisits, long end) {
    laps++;
    if (device.isJava()) {
      compiler.await(pace.compilerNanosOfVisit());
    }
    for (Timing timing : timings) {
      boolean due =
          timing.visits() < leastVisits || timing.spentNanos() <= laps * pace.sliceNanos();
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
    try {
      if (prepared == null) {
        long start = System.nanoTime();
        prepared = timing.cell().prepare();
        kept = mayKeep(timing.cell());
        if (kept) {
          timing.keep(prepared);
          keptBytes += timing.cell().bytes();
        } else {
          timing.spend(System.nanoTime() - start);
        }
      }
      Visit visit = take(timing, prepared.call());
      shortest.merge(timing.cell(), visit.shortest(), Math::min);
      timing.add(visit);
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
    return !yardstick && fits && cell.size() <= MOST_KEPT_ELEMENTS;
  }

  /**
   * Times a call. In its first visit a kernel in Java waits for the compiler, which would take a
   * processor from it, and is timed again if the compiler worked meanwhile, or if it took much
   * longer than it can: then its code was thrown away, and has to be called often before it is
   * compiled anew.
   */
  private Visit take(Timing timing, Runnable call) {
    Cell cell = timing.cell();
    boolean warm = timing.visits() > 0 || !device.isJava();
    double usual = warm ? 0 : shortest.getOrDefault(cell, cell.expectedNanos(shortest));
    for (int attempt = 1; ; attempt++) {
      if (!warm) {
        compiler.await(pace.compilerNanosOfVisit());
      }
      long start = System.nanoTime();
      Visit visit = device.visit(() -> pace.stopwatch().time(call, device.backend(), cell.bytes()));
      long spent = System.nanoTime() - start;
      boolean slow = usual > 0 && visit.shortest() > WarmUp.SLOW * usual;
      if (warm || attempt == MOST_ATTEMPTS || !(compiler.await(0) || slow)) {
        timing.spend(spent); // without what was taken again, so that it does not wait for that
        return visit;
      }
      if (slow) {
        new Stopwatch(Integer.MAX_VALUE, pace.mostCallsNanos()).time(call, device.backend());
      }
    }
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
    if (expected > pace.longestCallNanos()) {
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
