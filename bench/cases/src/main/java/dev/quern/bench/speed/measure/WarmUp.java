package dev.quern.bench.speed.measure;

import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.speed.measure.Schedule.WarmUpPlan;
import dev.quern.spi.Backend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls every kernel in a few sizes, each for a fixed time, so that the virtual machine compiles
 * those that are Java.
 *
 * <p>The programs of other devices are built meanwhile (where none are kept from earlier processes,
 * PoCL takes half a minute); their kernels are called when those are done.
 */
public final class WarmUp {

  /** Unfused definitions are many calls of kernels that are small and soon compiled. */
  private static final int UNFUSED_ELEMENTS = 1 << 10;

  private final WarmUpPlan plan;
  private final List<Benchmark> benchmarks;
  private final List<SpeedDevice> devices;
  private final Consumer<String> progress;
  private final Map<Cell, Double> shortest = new HashMap<>();

  /**
   * A warm-up of these benchmarks on these devices.
   *
   * @param plan for how long
   * @param benchmarks what will be measured
   * @param devices where
   * @param progress is told what is under way
   */
  public WarmUp(
      WarmUpPlan plan,
      List<Benchmark> benchmarks,
      List<SpeedDevice> devices,
      Consumer<String> progress) {
    this.plan = plan;
    this.benchmarks = benchmarks;
    this.devices = devices;
    this.progress = progress;
  }

  /**
   * Does it.
   *
   * @param between runs after the first sweep, when most is compiled: what makes the virtual
   *     machine throw some of that away, so that the other sweeps compile it anew
   * @return the shortest call of each kernel and size, in nanoseconds
   */
  public Map<Cell, Double> run(Runnable between) {
    var builds = new FutureTask<@Nullable Void>(this::buildPrograms, null);
    Thread.ofPlatform().daemon().name("quern-bench-builds").start(builds);
    try {
      long end = System.nanoTime() + plan.longest().toNanos();
      for (int sweep = 1;
          sweep <= plan.sweeps() && (sweep == 1 || System.nanoTime() < end);
          sweep++) {
        for (Cell cell : cells(true)) {
          progress.accept("warming up, sweep " + sweep + ": " + cell.benchmark().name());
          call(cell);
        }
        if (sweep == 1) {
          between.run();
        }
      }
    } finally {
      progress.accept("building programs");
      await(builds);
    }
    for (Cell cell : cells(false)) {
      progress.accept("warming up: " + cell.benchmark().name());
      call(cell);
    }
    return Map.copyOf(shortest);
  }

  private void buildPrograms() {
    for (Cell cell : cells(false)) {
      cell.time(new Stopwatch(1, 1)::time);
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

  /** The baseline is not worth more than the least, and no other device has to be compiled. */
  private void call(Cell cell) {
    boolean fully = cell.device().isJava() && !cell.device().isBaselineOf(devices);
    Duration time = fully ? plan.of(cell.size()) : plan.larger();
    shortest.merge(cell, cell.time((call, backend) -> call(call, backend, time)), Math::min);
  }

  /** Calls for so long, at least once, and returns the shortest time. */
  private static double call(Runnable call, Backend backend, Duration time) {
    long start = System.nanoTime();
    long before = start;
    long shortest = Long.MAX_VALUE;
    do {
      call.run();
      backend.synchronize();
      long now = System.nanoTime();
      shortest = Math.min(shortest, Math.max(1, now - before));
      before = now;
    } while (before - start < time.toNanos());
    return shortest;
  }

  private List<Cell> cells(boolean java) {
    var cells = new ArrayList<Cell>();
    for (Benchmark benchmark : benchmarks) {
      for (SpeedDevice device : devices) {
        if (device.isJava() == java) {
          boolean baseline = device.isBaselineOf(devices);
          List<Integer> sizes = baseline ? plan.sizes().subList(0, 1) : plan.sizes();
          sizes.forEach(n -> cells.add(new Cell(benchmark, false, n, device)));
          if (benchmark.loss() != null && !baseline) {
            cells.add(new Cell(benchmark, true, UNFUSED_ELEMENTS, device));
          }
        }
      }
    }
    cells.removeIf(cell -> !cell.isSupported());
    return cells;
  }
}
