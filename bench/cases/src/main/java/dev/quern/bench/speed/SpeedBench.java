package dev.quern.bench.speed;

import dev.quern.Backends;
import dev.quern.DeviceInfo;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.KernelCases;
import dev.quern.bench.kernels.Workbench;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.BiFunction;
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

  /** What a kernel gains when it is compiled at last, and not by chance. */
  private static final double MUCH_FASTER = 1.5;

  /** A kernel is called often before it is compiled, and first in a way that helps little. */
  private static final int LEAST_SWEEPS = 4;

  /** So much more than a smaller size leads to expect cannot be the caches. */
  private static final double SLOW = 2;

  /** Unfused definitions are many calls of kernels that are small and soon compiled. */
  private static final int UNFUSED_WARM_UP_ELEMENTS = 1 << 10;

  /** Rounds of a device that is only there for others to be compared with. */
  private static final int YARDSTICK_ROUNDS = 2;

  /** What is to be measured in every round. */
  private record Cell(Benchmark benchmark, boolean unfused, int size, SpeedDevice device) {

    /** Whether another differs in size alone. */
    boolean isSeries(Cell other) {
      return other.device == device
          && other.unfused == unfused
          && other.benchmark.equals(benchmark);
    }

    /** How much more work this is than another of its series. */
    double growthFrom(Cell other) {
      return benchmark.operations().applyAsDouble(size)
          / benchmark.operations().applyAsDouble(other.size);
    }
  }

  private final SpeedOptions options;
  private final Pace pace;
  private final Consumer<String> progress;
  private final List<Benchmark> benchmarks;

  /** The shortest call of what was run before the first round. */
  private final Map<Cell, Double> warm = new HashMap<>();

  private final Map<Cell, List<Visit>> visits = new LinkedHashMap<>();
  private final Map<Cell, String> leftOut = new LinkedHashMap<>();

  /** How long a round takes, for the progress, once that is known. */
  private String aRound = "";

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
    warmUp(devices);
    List<ParityRow> parity = parity(devices);
    for (int round = 1; ; round++) {
      long begun = System.nanoTime();
      progress.accept(which(round) + "ceilings");
      devices.forEach(device -> device.measureCeilings(pace.ceilingElements()));
      long yardstick = round(round, devices);
      long now = System.nanoTime();
      long next = now - begun - (round == YARDSTICK_ROUNDS ? yardstick : 0);
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
      boolean late = round >= pace.leastRounds() && now - start + next > pace.budgetNanos();
      if (late || round == pace.mostRounds()) {
        return run;
      }
      soFar.accept(run);
      long seconds = Math.round(next / 1e9);
      String duration = seconds < 120 ? seconds + " s" : Math.round(seconds / 60.0) + " min";
      aRound = ", " + duration + " each";
    }
  }

  /** The beginning of what the progress says, short enough for a line on a terminal. */
  private String which(int round) {
    return "round " + round + aRound + ": ";
  }

  /**
   * Runs everything in middling sizes, over and over, until nothing gets much faster: then the
   * compiler has done its work. In turns, because what was compiled for one kernel is often thrown
   * away when the next one comes the same way. What is not Java is left out once it gets no faster,
   * and until its programs are built: where none are kept from earlier processes, PoCL takes half a
   * minute, which the other devices' kernels must not lose.
   */
  private void warmUp(List<SpeedDevice> devices) {
    var builds = new FutureTask<@Nullable Void>(() -> buildPrograms(devices), null);
    Thread.ofPlatform().daemon().name("quern-bench-builds").start(builds);
    if (devices.stream().noneMatch(SpeedDevice::isJava)) {
      await(builds);
    }
    try {
      warmUp(devices, builds);
    } finally {
      await(builds);
    }
  }

  private void buildPrograms(List<SpeedDevice> devices) {
    for (Cell cell : warmUpCells(devices, pace.warmUpSizes())) {
      if (!cell.device().isJava()) {
        time(cell, new Stopwatch(1, 1)::time);
      }
    }
  }

  private static void await(FutureTask<@Nullable Void> task) {
    try {
      task.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  private void warmUp(List<SpeedDevice> devices, FutureTask<@Nullable Void> builds) {
    long end = System.nanoTime() + pace.warmUpNanos();
    var settled = new HashSet<Cell>();
    List<Integer> sizes = pace.warmUpSizes();
    boolean unsettled = true;
    for (int sweep = 1; unsettled || sweep <= LEAST_SWEEPS || !builds.isDone(); sweep++) {
      unsettled = false;
      List<Cell> cells = warmUpCells(devices, sweep == 1 ? sizes.subList(0, 1) : sizes);
      cells.removeAll(settled);
      for (Cell cell : cells) {
        if (sweep > 1 && System.nanoTime() > end && builds.isDone()) {
          return;
        }
        if (!cell.device().isJava() && !builds.isDone()) {
          continue;
        }
        progress.accept("warming up, sweep " + sweep + ": " + cell.benchmark().name());
        boolean slow = isSlow(cell);
        Stopwatch stopwatch = sweep == 1 || slow ? pace.firstWarmUp() : pace.warmUp();
        double before = warm.getOrDefault(cell, Double.MAX_VALUE);
        double nanos = Quantiles.of(time(cell, stopwatch::time), 0);
        warm.merge(cell, nanos, Math::min);
        boolean faster = nanos < before / MUCH_FASTER;
        unsettled |= faster || slow;
        if (nanos > pace.longestCallNanos() || !(faster || slow || cell.device().isJava())) {
          settled.add(cell);
        }
      }
      Compiler.await(pace.compilerNanos());
    }
  }

  /** Whether a call of this size took much longer than one of the smaller size leads to expect. */
  private boolean isSlow(Cell cell) {
    double known = warm.getOrDefault(cell, 0.0);
    return warm.entrySet().stream()
        .anyMatch(other ->
            other.getKey().size() < cell.size()
                && other.getKey().isSeries(cell)
                && known > SLOW * other.getValue() * cell.growthFrom(other.getKey()));
  }

  /** Whether a device is only there for others to be compared with. */
  private static boolean isYardstick(SpeedDevice device, List<SpeedDevice> devices) {
    return device.isReference() && devices.size() > 1;
  }

  private List<Cell> warmUpCells(List<SpeedDevice> devices, List<Integer> sizes) {
    var cells = new ArrayList<Cell>();
    for (Benchmark benchmark : benchmarks) {
      for (SpeedDevice device : devices) {
        if (supported(benchmark, device)) {
          boolean yardstick = isYardstick(device, devices);
          List<Integer> wanted = yardstick ? sizes.subList(0, 1) : sizes;
          wanted.forEach(n -> cells.add(new Cell(benchmark, false, n, device)));
          if (benchmark.loss() != null && !yardstick) {
            cells.add(new Cell(benchmark, true, UNFUSED_WARM_UP_ELEMENTS, device));
          }
        }
      }
    }
    return cells;
  }

  private List<ParityRow> parity(List<SpeedDevice> devices) {
    var rows = new ArrayList<ParityRow>();
    try (Backend reference = new ReferenceProvider().open(0)) {
      for (Benchmark benchmark : benchmarks) {
        progress.accept("comparing with the reference: " + benchmark.name());
        KernelCase kernelCase = benchmark.at().apply(PARITY_ELEMENTS);
        for (SpeedDevice device : devices) {
          boolean other = !device.backend().device().backend().equals("reference");
          if (other && supported(benchmark, device)) {
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
   * until they are spread over the processors again. Returns how long it took to measure what is
   * not measured in every round.
   */
  private long round(int round, List<SpeedDevice> devices) {
    long yardstickNanos = 0;
    for (SpeedDevice device : devices) {
      boolean yardstick = isYardstick(device, devices);
      if (yardstick && round > YARDSTICK_ROUNDS) {
        continue;
      }
      long begun = System.nanoTime();
      for (Benchmark benchmark : benchmarks) {
        String what = which(round) + device.id() + ", " + benchmark.name();
        for (int size : options.sizes()) {
          progress.accept(what + ", " + size);
          measure(new Cell(benchmark, false, size, device));
          if (benchmark.loss() != null && !yardstick) {
            measure(new Cell(benchmark, true, size, device));
          }
        }
      }
      if (yardstick) {
        yardstickNanos += System.nanoTime() - begun;
      }
    }
    return yardstickNanos;
  }

  private void measure(Cell cell) {
    if (leftOut.containsKey(cell)) {
      return;
    }
    String why = visits.containsKey(cell) ? null : refusal(cell);
    if (why == null) {
      try {
        Visit visit = visit(cell);
        visits.computeIfAbsent(cell, _ -> new ArrayList<>()).add(visit);
        return;
      } catch (OutOfDeviceMemoryException | OutOfMemoryError e) {
        why = "not enough memory: " + e.getMessage();
        visits.remove(cell);
      }
    }
    leftOut.put(cell, why);
  }

  /** The compiler would take a processor from what is timed, so it is waited for. */
  private Visit visit(Cell cell) {
    Compiler.await(pace.compilerNanosOfVisit());
    long bytes = cell.benchmark().at().apply(cell.size()).bytes();
    return time(cell, (call, _) -> cell.device().visit(call, bytes, pace.stopwatch()));
  }

  /** Sets a cell up and has its call timed. */
  private static <T> T time(Cell cell, BiFunction<Runnable, Backend, T> stopwatch) {
    SpeedDevice device = cell.device();
    var loss = cell.benchmark().loss();
    if (cell.unfused() && loss != null) {
      try (var call = new UnfusedCall(loss.apply(cell.size()), device.engine())) {
        return stopwatch.apply(call::run, device.backend());
      }
    }
    try (var bench = Workbench.forTiming(device.backend())) {
      Runnable call = cell.benchmark().at().apply(cell.size()).setup().on(bench);
      return stopwatch.apply(call, device.backend());
    }
  }

  /** Why a cell cannot be measured or is not worth it, or null. */
  private @Nullable String refusal(Cell cell) {
    if (!supported(cell.benchmark(), cell.device())) {
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
    double expected = expectedNanos(cell);
    if (expected > pace.longestCallNanos()) {
      return "a call would take about %.1f s".formatted(expected / 1e9);
    }
    return null;
  }

  /** From the largest size run so far that is not larger than this one; 0 if there is none. */
  private double expectedNanos(Cell cell) {
    var known = new HashMap<>(warm);
    visits.forEach((other, all) -> known.put(other, Quantiles.of(all.getFirst().nanos(), 0)));
    return known.entrySet().stream()
        .filter(other -> other.getKey().size() <= cell.size() && other.getKey().isSeries(cell))
        .max(Comparator.comparingInt(other -> other.getKey().size()))
        .map(other -> other.getValue() * cell.growthFrom(other.getKey()))
        .orElse(0.0);
  }

  private static boolean supported(Benchmark benchmark, SpeedDevice device) {
    return device.backend().supports(benchmark.family(), benchmark.at().apply(1 << 10).dtype());
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
    return all.stream().dropWhile(visit -> visit.median() > MUCH_FASTER * last).toList();
  }
}
