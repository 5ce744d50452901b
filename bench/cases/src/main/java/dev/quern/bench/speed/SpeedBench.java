package dev.quern.bench.speed;

import dev.quern.Backends;
import dev.quern.DeviceInfo;
import dev.quern.bench.cases.KernelCases;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.speed.measure.Cell;
import dev.quern.bench.speed.measure.ErrorMeter;
import dev.quern.bench.speed.measure.Laps;
import dev.quern.bench.speed.measure.Schedule;
import dev.quern.bench.speed.measure.SpeedDevice;
import dev.quern.bench.speed.measure.WarmUp;
import dev.quern.bench.speed.result.Machine;
import dev.quern.bench.speed.result.ParityRow;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.tensor.CalibrationKernels;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Times the kernels of every device over a sweep of sizes.
 *
 * <p>After a warm-up the devices take turns, in rounds, and within a round a device goes over all
 * its kernels and sizes in {@linkplain Laps laps}, each of one short visit with the device's pace
 * beside it, until the time is used up.
 */
public final class SpeedBench {

  private static final int PARITY_ELEMENTS = 1 << 16;

  /** The first rounds measure the ceilings too; the best counts. */
  private static final int CEILING_ROUNDS = 2;

  private final SpeedOptions options;
  private final Schedule schedule;
  private final Consumer<String> progress;
  private final List<Benchmark> benchmarks;

  private SpeedBench(SpeedOptions options, Schedule schedule, Consumer<String> progress) {
    this.options = options;
    this.schedule = schedule;
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
    // opening devices takes seconds on a machine that has not done so before
    long start = System.nanoTime();
    var devices = new ArrayList<SpeedDevice>();
    try {
      for (String name : options.backends().isEmpty() ? everyDevice() : options.backends()) {
        devices.add(SpeedDevice.open(name));
      }
      Schedule schedule = options.quick() ? Schedule.QUICK : Schedule.THOROUGH;
      return new SpeedBench(options, schedule, progress)
          .run(command, version, soFar, devices, start);
    } finally {
      devices.forEach(SpeedDevice::close);
    }
  }

  /** Measures devices that are open, and leaves them open. */
  static SpeedRun run(
      SpeedOptions options,
      Schedule schedule,
      String command,
      String version,
      Consumer<String> progress,
      Consumer<SpeedRun> soFar,
      List<SpeedDevice> devices) {
    return new SpeedBench(options, schedule, progress)
        .run(command, version, soFar, devices, System.nanoTime());
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
      String command,
      String version,
      Consumer<SpeedRun> soFar,
      List<SpeedDevice> devices,
      long start) {
    Instant started =
        Instant.now().minusNanos(System.nanoTime() - start).truncatedTo(ChronoUnit.SECONDS);
    var parity = new ArrayList<ParityRow>();
    var warmUp = new WarmUp(schedule.warmUp(), warmedUp(), devices, progress);
    var java = devices.stream().filter(SpeedDevice::isJava).toList();
    Map<Cell, Double> shortest = new HashMap<>(warmUp.run(() -> parity.addAll(parity(java))));
    parity.addAll(parity(devices.stream().filter(device -> !device.isJava()).toList()));
    List<Laps> all =
        devices.stream().map(device -> laps(device, devices, shortest, start)).toList();
    try {
      for (int round = 1; ; round++) {
        if (round <= CEILING_ROUNDS) {
          progress.accept(timeSince(start) + "ceilings");
          devices.forEach(device -> device.measureCeilings(schedule.ceilingElements()));
        }
        boolean more = round(round, all, start);
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
                all.stream().flatMap(laps -> laps.measurements().stream()).toList(),
                parity);
        if (!more) {
          return run;
        }
        soFar.accept(run);
      }
    } finally {
      all.forEach(Laps::close);
    }
  }

  /** What is measured, and what the devices' pace is measured with. */
  private List<Benchmark> warmedUp() {
    return KernelCases.benchmarks().stream()
        .filter(b -> options.wants(b) || b.family() == CalibrationKernels.class)
        .toList();
  }

  private Laps laps(
      SpeedDevice device, List<SpeedDevice> devices, Map<Cell, Double> shortest, long start) {
    return new Laps(
        device,
        device.isBaselineOf(devices),
        benchmarks,
        options.sizes(),
        schedule,
        shortest,
        what -> progress.accept(timeSince(start) + what));
  }

  /** The beginning of what the progress says: how much of the time is used up. */
  private String timeSince(long start) {
    double unit = budgetNanos() < 120e9 ? 1e9 : 60e9;
    return String.format(
        Locale.ROOT,
        "%.0f of %.0f %s: ",
        (System.nanoTime() - start) / unit,
        budgetNanos() / unit,
        unit == 1e9 ? "s" : "min");
  }

  /**
   * One device after the other: a runtime whose threads slept while others ran can take many calls
   * until they are spread over the processors again. Returns whether there is time for more.
   */
  private boolean round(int round, List<Laps> all, long start) {
    long budgetEnd = start + budgetNanos();
    int leastRounds = schedule.budget().leastRounds();
    long end = round > leastRounds ? budgetEnd : Long.MAX_VALUE;
    all.forEach(laps -> laps.round(round, end));
    boolean time = round < leastRounds || System.nanoTime() <= budgetEnd;
    return time && !all.stream().allMatch(Laps::isDone);
  }

  private long budgetNanos() {
    return schedule.budget().total().toNanos();
  }

  private List<ParityRow> parity(List<SpeedDevice> devices) {
    var rows = new ArrayList<ParityRow>();
    try (Backend reference = Backends.reference().open(0)) {
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
}
