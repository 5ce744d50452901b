package dev.quern.bench.speed;

import dev.quern.bench.kernels.Benchmark;
import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs everything in a few sizes, over and over, until nothing gets much faster: then the compiler
 * has done its work.
 *
 * <p>A kernel in Java is called until it has been called often enough to be compiled, then the
 * compiler is waited for, and so on until it has nothing more to do for it: on two processors calls
 * of slow code would only keep it from working. The small sizes come first, as a call is counted
 * and not its elements. Kernels take turns in several sweeps, because what was compiled for one is
 * often thrown away when the next one comes the same way.
 *
 * <p>The programs of other devices are built meanwhile (where none are kept from earlier processes,
 * PoCL takes half a minute); their kernels are called when those are done.
 */
final class WarmUp {

  /** What a kernel gains when it is compiled at last, and not by chance. */
  static final double MUCH_FASTER = 1.5;

  /** So much more than a smaller size leads to expect cannot be the caches. */
  static final double SLOW = 2;

  /** A kernel is called often before it is compiled, and first in a way that helps little. */
  private static final int LEAST_SWEEPS = 2;

  /** Unfused definitions are many calls of kernels that are small and soon compiled. */
  private static final int UNFUSED_ELEMENTS = 1 << 10;

  private final Pace pace;
  private final List<Benchmark> benchmarks;
  private final List<SpeedDevice> devices;
  private final Compiler compiler;
  private final Consumer<String> progress;
  private final Map<Cell, Double> shortest = new HashMap<>();

  WarmUp(
      Pace pace,
      List<Benchmark> benchmarks,
      List<SpeedDevice> devices,
      Compiler compiler,
      Consumer<String> progress) {
    this.pace = pace;
    this.benchmarks = benchmarks;
    this.devices = devices;
    this.compiler = compiler;
    this.progress = progress;
  }

  /** Does it, and returns the shortest call of each cell. */
  Map<Cell, Double> run() {
    var builds = new FutureTask<@Nullable Void>(this::buildPrograms, null);
    Thread.ofPlatform().daemon().name("quern-bench-builds").start(builds);
    long end = System.nanoTime() + pace.warmUpNanos();
    try {
      sweep(true, end);
    } finally {
      progress.accept("building programs");
      await(builds);
    }
    sweep(false, System.nanoTime() + pace.warmUpNanos());
    return Map.copyOf(shortest);
  }

  private void buildPrograms() {
    for (Cell cell : cells(false, pace.warmUpSizes())) {
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

  private void sweep(boolean java, long end) {
    var tooLong = new HashSet<Cell>();
    boolean unsettled = true;
    for (int sweep = 1; sweep <= (java ? LEAST_SWEEPS : 1) || (java && unsettled); sweep++) {
      unsettled = false;
      List<Integer> sizes = pace.warmUpSizes();
      boolean first = sweep == 1 && java;
      List<Cell> cells = cells(java, first ? sizes.subList(0, 1) : sizes);
      cells.removeAll(tooLong);
      for (Cell cell : cells) {
        if (sweep > LEAST_SWEEPS && System.nanoTime() > end) {
          return;
        }
        progress.accept("warming up, sweep " + sweep + ": " + cell.benchmark().name());
        double before = shortest.getOrDefault(cell, Double.MAX_VALUE);
        settle(cell, !first);
        double nanos = shortest.getOrDefault(cell, 0.0);
        if (!first && nanos > pace.longestCallNanos()) {
          tooLong.add(cell);
        }
        unsettled |= nanos < before / MUCH_FASTER || cell.isSlow(SLOW, shortest);
      }
    }
  }

  /** Calls a cell and, if there is to be waited, goes on until the compiler has no more to do. */
  private void settle(Cell cell, boolean wait) {
    long end = System.nanoTime() + pace.compilerNanos();
    boolean java = cell.device().isJava();
    if (wait) {
      compiler.await(pace.compilerNanos());
    }
    cell.time((call, backend) -> {
      do {
        call(cell, call, backend);
      } while (wait && java && compiler.await(pace.compilerNanos()) && System.nanoTime() < end);
      return null;
    });
  }

  /** Calls are counted, whatever their size, so the smallest size is called often. */
  private void call(Cell cell, Runnable call, Backend backend) {
    boolean often = cell.device().isJava() && cell.size() == pace.warmUpSizes().getFirst();
    int calls = often && !cell.device().isYardstickOf(devices) ? pace.calls() : 1;
    long start = System.nanoTime();
    long now = start;
    for (int i = 0;
        now - start < (i < calls ? pace.mostCallsNanos() : pace.leastCallsNanos());
        i++) {
      long before = now;
      call.run();
      backend.synchronize();
      now = System.nanoTime();
      shortest.merge(cell, (double) Math.max(1, now - before), Math::min);
    }
  }

  private List<Cell> cells(boolean java, List<Integer> sizes) {
    var cells = new ArrayList<Cell>();
    for (Benchmark benchmark : benchmarks) {
      for (SpeedDevice device : devices) {
        if (device.isJava() == java) {
          boolean yardstick = device.isYardstickOf(devices);
          List<Integer> wanted = yardstick ? sizes.subList(0, 1) : sizes;
          wanted.forEach(n -> cells.add(new Cell(benchmark, false, n, device)));
          if (benchmark.loss() != null && !yardstick) {
            cells.add(new Cell(benchmark, true, UNFUSED_ELEMENTS, device));
          }
        }
      }
    }
    cells.removeIf(cell -> !cell.isSupported());
    return cells;
  }
}
