package dev.quern.bench.speed.measure;

import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Backend;
import java.util.Comparator;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * One benchmark in one size on one device: what a visit is paid to.
 *
 * @param benchmark which
 * @param unfused whether the loss's definition in plain tensor operations is meant
 * @param size the elements asked for
 * @param device where
 */
public record Cell(Benchmark benchmark, boolean unfused, int size, SpeedDevice device) {

  /** {@return whether the device can do it} */
  public boolean isSupported() {
    var dtype = benchmark.at().apply(1 << 10).dtype();
    return device.backend().kernels().family(benchmark.family()).support(dtype).isYes();
  }

  /** Whether another differs in size alone. */
  boolean isSeries(Cell other) {
    return other.device == device && other.unfused == unfused && other.benchmark.equals(benchmark);
  }

  /** What a call takes, going by calls of other sizes and how the work grows. */
  private double growthFrom(Cell other) {
    return benchmark.operations().applyAsDouble(size)
        / benchmark.operations().applyAsDouble(other.size);
  }

  /**
   * What a call should take in proportion to the largest size known that is not larger than this.
   *
   * @param known the time of a call
   * @return nanoseconds, 0 if no such size is known
   */
  double expectedNanos(Map<Cell, Double> known) {
    return known.entrySet().stream()
        .filter(other -> other.getKey().size <= size && other.getKey().isSeries(this))
        .max(Comparator.comparingInt(other -> other.getKey().size))
        .map(other -> other.getValue() * growthFrom(other.getKey()))
        .orElse(0.0);
  }

  /** What a call must at least move. */
  long bytes() {
    return benchmark.at().apply(size).bytes();
  }

  /** The memory it takes while it runs, about. */
  long memoryBytes() {
    return unfused ? 4L * UnfusedCall.TENSORS * size : bytes();
  }

  /** Sets a call up on fresh operands. */
  PreparedCall prepare() {
    var loss = benchmark.loss();
    if (unfused && loss != null) {
      var call = new UnfusedCall(loss.apply(size), device.engine());
      return new PreparedCall(call::run, call::close);
    }
    var bench = Workbench.forTiming(device.backend());
    try {
      return new PreparedCall(benchmark.at().apply(size).setup().on(bench), bench::close);
    } catch (RuntimeException | Error e) {
      bench.close();
      throw e;
    }
  }

  /** Sets a call up on fresh operands and hands it to a stopwatch. */
  <T> T time(BiFunction<Runnable, Backend, T> stopwatch) {
    try (var prepared = prepare()) {
      return stopwatch.apply(prepared.call(), device.backend());
    }
  }
}
