package dev.quern.bench.speed;

import dev.quern.Backends;
import dev.quern.DeviceInfo;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.KernelCases;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Times the kernels of every device over a sweep of sizes.
 *
 * <p>Rounds go over everything: in each, every benchmark is set up anew in every size on every
 * device, the devices one after the other, settles, and gives a handful of samples with the
 * device's pace beside them. So a disturbance of some seconds reaches one round of a few
 * measurements and not all of one, and what is set against each other is measured close together.
 * The result of a measurement is the median over its rounds.
 */
public final class SpeedBench {

  private static final int PARITY_ELEMENTS = 1 << 16;

  /** The first rounds measure the ceilings too; the best counts. */
  private static final int CEILING_ROUNDS = 2;

  private static final String LATE =
      "no time was left: take the run again, as programs once built are kept, or without --quick";

  /** So often at most a kernel in Java is timed until it is compiled. */
  private static final int MOST_ATTEMPTS = 6;

  private final SpeedOptions options;
  private final Pace pace;
  private final Consumer<String> progress;
  private final List<Benchmark> benchmarks;
  private final Compiler compiler = new Compiler();

  /** The shortest call of each cell so far. */
  private final Map<Cell, Double> shortest = new HashMap<>();

  private final Map<Cell, List<Visit>> visits = new LinkedHashMap<>();
  private final Map<Cell, String> leftOut = new LinkedHashMap<>();

  /** How long a round takes, for the progress, once that is known. */
  private String aRound = "";

  /** What there was no memory for. */
  private final Set<Cell> tooLarge = new HashSet<>();

  private SpeedBench(SpeedOptions options, Pace pace, Consumer<String> progress) {
    this.options = options;
    this.pace = pace;
    this.progress = progress;
    this.benchmarks = KernelCases.benchmarks().stream().filter(options::wants).toList();
    if (benchmarks.isEmpty()) {
      throw new IllegalArgumentException(
          "No benchmark is named so; there are: %s."
              .formatted(
                  String.join(
                      ", ", KernelCases.benchmarks().stream().map(Benchmark::name).toList())));
    }
  }

  /**
   * Measures.
   *
   * @param options what
   * @param command how it was asked for, kept with the result
   * @param version the version that is measured, kept with the result
   * @param progress is told what is under way
   * @param soFar is given what there is after each round but the last, so that it can be kept
   * @return the result
   * @throws dev.quern.BackendUnavailableException if a backend named is not here
   * @throws IllegalArgumentException if there is no benchmark of a name asked for
   */
  public static SpeedRun run(
      SpeedOptions options,
      String command,
      String version,
      Consumer<String> progress,
      Consumer<SpeedRun> soFar) {
    var devices = new ArrayList<SpeedDevice>();
    try {
      for (String name : options.backends().isEmpty() ? everyDevice() : options.backends()) {
        devices.add(SpeedDevice.open(name));
      }
      Pace pace = options.quick() ? Pace.QUICK : Pace.THOROUGH;
      return run(options, pace, command, version, progress, soFar, devices);
    } finally {
      devices.forEach(SpeedDevice::close);
    }
  }

  /** Measures devices that are open, and leaves them open. */
  static SpeedRun run(
      SpeedOptions options,
      Pace pace,
      String command,
      String version,
      Consumer<String> progress,
      Consumer<SpeedRun> soFar,
      List<SpeedDevice> devices) {
    return new SpeedBench(options, pace, progress).run(command, version, soFar, devices);
  }

  /** Every device of every backend that is there, the slowest last. */
  private static List<String> everyDevice() {
    return Backends.probe().values().stream()
        .filter(Availability.Available.class::isInstance)
        .flatMap(found -> ((Availability.Available) found).devices().stream())
        .map(DeviceInfo::id)
        .toList();
  }

  private SpeedRun run(
      String command, String version, Consumer<SpeedRun> soFar, List<SpeedDevice> devices) {
    Instant started = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    long start = System.nanoTime();
    shortest.putAll(new WarmUp(pace, benchmarks, devices, compiler, progress).run());
    List<ParityRow> parity = parity(devices);
    for (int round = 1; ; round++) {
      long begun = System.nanoTime();
      if (round <= CEILING_ROUNDS) {
        progress.accept(which(round) + "ceilings");
        devices.forEach(device -> device.measureCeilings(pace.ceilingElements()));
      }
      long end = round > pace.leastRounds() ? start + pace.budgetNanos() : Long.MAX_VALUE;
      boolean whole = round(round, devices, end);
      long now = System.nanoTime();
      var run =
          new SpeedRun(
              SpeedRun.FORMAT,
              version,
              started.toString(),
              Math.round((now - start) / 1e8) / 10.0,
              command,
              Machine.here(),
              devices.stream().map(SpeedDevice::describe).toList(),
              measurements(),
              parity);
      boolean late = round >= pace.leastRounds() && now - start > pace.budgetNanos();
      if (!whole || late || round == pace.mostRounds()) {
        return run;
      }
      soFar.accept(run);
      long seconds = Math.round((now - begun) / 1e9);
      aRound =
          ", " + (seconds < 120 ? seconds + " s" : Math.round(seconds / 60.0) + " min") + " each";
    }
  }

  /** The beginning of what the progress says, short enough for a line on a terminal. */
  private String which(int round) {
    return "round " + round + aRound + ": ";
  }

  private List<ParityRow> parity(List<SpeedDevice> devices) {
    var rows = new ArrayList<ParityRow>();
    try (Backend reference = new ReferenceProvider().open(0)) {
      for (Benchmark benchmark : benchmarks) {
        progress.accept("comparing with the reference: " + benchmark.name());
        KernelCase kernelCase = benchmark.at().apply(PARITY_ELEMENTS);
        for (SpeedDevice device : devices) {
          boolean other = !device.backend().device().backend().equals("reference");
          if (other && new Cell(benchmark, false, PARITY_ELEMENTS, device).isSupported()) {
            rows.add(
                ErrorMeter.compare(
                    benchmark.name(), kernelCase, PARITY_ELEMENTS, reference, device.backend()));
          }
        }
      }
    }
    return rows;
  }

  /**
   * One device after the other: a runtime whose threads slept while others ran can take many calls
   * until they are spread over the processors again. A device that is only there for others to be
   * compared with is measured in the first round. Returns whether there was time for everything.
   */
  private boolean round(int round, List<SpeedDevice> devices, long end) {
    for (SpeedDevice device : devices) {
      boolean yardstick = device.isYardstickOf(devices);
      if (yardstick && round > 1) {
        continue;
      }
      for (Benchmark benchmark : benchmarks) {
        boolean late = System.nanoTime() > end;
        if (late && round > 1) {
          return false;
        }
        String what = which(round) + device.id() + ", " + benchmark.name();
        for (int size : options.sizes()) {
          progress.accept(what + ", " + size);
          measure(new Cell(benchmark, false, size, device), late);
          if (benchmark.loss() != null && !yardstick) {
            measure(new Cell(benchmark, true, size, device), late);
          }
        }
      }
    }
    return true;
  }

  /** What takes too long is tried again in the next round: it may have been compiled by then. */
  private void measure(Cell cell, boolean late) {
    if (tooLarge.contains(cell)) {
      return;
    }
    String why = visits.containsKey(cell) ? null : refusal(cell);
    if (why == null && late) {
      why = LATE;
    }
    if (why == null) {
      try {
        Visit visit = visit(cell);
        shortest.merge(cell, Quantiles.of(visit.nanos(), 0), Math::min);
        visits.computeIfAbsent(cell, _ -> new ArrayList<>()).add(visit);
        leftOut.remove(cell);
        return;
      } catch (OutOfDeviceMemoryException | OutOfMemoryError e) {
        why = "not enough memory: " + e.getMessage();
        visits.remove(cell);
        tooLarge.add(cell);
      }
    }
    leftOut.put(cell, why);
  }

  /**
   * Waits for the compiler, which would take a processor from what is timed. A kernel in Java is
   * timed again if the compiler worked meanwhile, or if it took much longer than it can: then its
   * code was thrown away, and has to be called often before it is compiled anew.
   */
  private Visit visit(Cell cell) {
    long bytes = cell.benchmark().at().apply(cell.size()).bytes();
    boolean java = cell.device().isJava();
    double usual = shortest.getOrDefault(cell, cell.expectedNanos(shortest));
    return cell.time((call, backend) -> {
      for (int attempt = 1; ; attempt++) {
        compiler.await(pace.compilerNanosOfVisit());
        List<Double> nanos = pace.stopwatch().time(call, backend, bytes);
        boolean compiled = compiler.await(0);
        boolean slow = usual > 0 && Quantiles.of(nanos, 0) > WarmUp.SLOW * usual;
        if (!java || attempt == MOST_ATTEMPTS || !(compiled || slow)) {
          return cell.device().visit(nanos);
        }
        if (slow) {
          new Stopwatch(Integer.MAX_VALUE, pace.mostCallsNanos()).time(call, backend);
        }
      }
    });
  }

  /** Why a cell cannot be measured or is not worth it, or null. */
  private @Nullable String refusal(Cell cell) {
    if (!cell.isSupported()) {
      return "not supported by this backend";
    }
    long bytes =
        cell.unfused()
            ? 4L * UnfusedCall.TENSORS * cell.size()
            : cell.benchmark().at().apply(cell.size()).bytes();
    long available = cell.device().backend().device().memoryBytes();
    if (available > 0 && bytes > available / 2) {
      return "needs %d MB on the device".formatted(bytes >> 20);
    }
    if (bytes > Runtime.getRuntime().maxMemory() / 2 && !cell.unfused()) {
      return "needs %d MB of heap, QUERN_JAVA_OPTS=-Xmx gives more".formatted(bytes >> 20);
    }
    double expected = cell.expectedNanos(shortest);
    if (expected > pace.longestCallNanos()) {
      return "a call would take about %.1f s".formatted(expected / 1e9);
    }
    return null;
  }

  private List<Measurement> measurements() {
    var cells = new ArrayList<Cell>();
    cells.addAll(visits.keySet());
    cells.addAll(leftOut.keySet());
    return cells.stream().map(this::measurement).toList();
  }

  private Measurement measurement(Cell cell) {
    Benchmark benchmark = cell.benchmark();
    int elements = benchmark.elements().applyAsInt(cell.size());
    KernelCase kernelCase = benchmark.at().apply(cell.size());
    return new Measurement(
        cell.device().id(),
        benchmark.family().name().toLowerCase(Locale.ROOT),
        benchmark.name(),
        cell.unfused(),
        kernelCase.dtype().name(),
        elements,
        kernelCase.bytes(),
        benchmark.operations().applyAsDouble(cell.size()),
        compiled(cell),
        leftOut.get(cell));
  }

  /**
   * The visits of a cell. Of kernels that are Java without the first ones that took much longer
   * than the last: then the warm-up was not enough for the compiler.
   */
  private List<Visit> compiled(Cell cell) {
    List<Visit> all = visits.getOrDefault(cell, List.of());
    if (all.isEmpty() || !cell.device().isJava()) {
      return all;
    }
    double last = all.getLast().median();
    return all.stream().dropWhile(visit -> visit.median() > WarmUp.MUCH_FASTER * last).toList();
  }
}
