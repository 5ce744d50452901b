package dev.quern.bench.speed.measure;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.bench.speed.result.Ceilings;
import dev.quern.bench.speed.result.Quantiles;
import dev.quern.bench.speed.result.Visit;
import dev.quern.spi.Backend;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.BinaryOp;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures what a device can do at most, and, around every visit, its pace: chains of fma, which
 * share no code with the kernels that are judged by it.
 */
final class CeilingMeter implements AutoCloseable {

  /** Long enough that neither the clock nor a launch counts. */
  private static final long LEAST_CHAIN_NANOS = 250_000;

  private static final int FIRST_CHAINS = 1 << 13;
  private static final int MOST_CHAINS = 1 << 24;
  private static final int CHAIN_LENGTH = 64;

  private final Backend backend;
  private final DeviceMemory memory;
  private final List<DeviceBuffer> owned = new ArrayList<>();
  private @Nullable Span chained;

  CeilingMeter(Backend backend) {
    this.backend = backend;
    this.memory = backend.memory();
  }

  /** Takes a visit's samples, with the device's pace before and after. */
  Visit visit(Supplier<List<Double>> samples) {
    Span chains = paceChains();
    double before = chainNanos(chains);
    List<Double> nanos = samples.get();
    double mean = (before + chainNanos(chains)) / 2;
    return new Visit(nanos, 2.0 * CHAIN_LENGTH * chains.length() / mean);
  }

  private double chainNanos(Span chains) {
    long start = System.nanoTime();
    backend.kernels().calibration().fmaChains(chains, CHAIN_LENGTH);
    backend.synchronize();
    return Math.max(1, System.nanoTime() - start);
  }

  /**
   * On processors so few that they take some 20 microseconds and simd does them in the calling
   * thread: what a neighbour takes from the core changes within milliseconds, and how soon other
   * threads wake up is not the core's pace.
   */
  private Span paceChains() {
    Span chains = chains();
    return backend.device().kind() == DeviceInfo.Kind.GPU
        ? chains
        : new Span(chains.buffer(), DType.F32, 0, FIRST_CHAINS);
  }

  /** As many as take long enough; asked for when kernels in Java are compiled. */
  private Span chains() {
    if (chained != null) {
      return chained;
    }
    int elements = FIRST_CHAINS;
    Span chains = floats(elements);
    while (elements < MOST_CHAINS && shortestChainNanos(chains) < LEAST_CHAIN_NANOS) {
      elements *= 2;
      memory.release(owned.removeLast());
      chains = floats(elements);
    }
    chained = chains;
    return chains;
  }

  private double shortestChainNanos(Span chains) {
    return shortest(() -> backend.kernels().calibration().fmaChains(chains, CHAIN_LENGTH));
  }

  /**
   * Measures the ceilings once.
   *
   * @param elements the F32 elements of an operand
   */
  Ceilings measure(int elements) {
    Span chains = chains();
    int mine = owned.size();
    Span a = floats(elements);
    Span b = floats(elements);
    Span out = floats(elements);
    Span scratch = bytes(backend.kernels().reduction().scratchBytes(elements));
    Span one = new Span(a.buffer(), DType.F32, 0, 1);
    long bytes = 4L * elements;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment host = arena.allocate(bytes, 64);
      double copy =
          Math.min(
              shortest(() -> memory.copy(a.buffer(), 0, out.buffer(), 0, bytes)),
              shortest(() -> backend.kernels().pointwise().copy(a, out)));
      double read = shortest(() -> backend.kernels().reduction().sum(a, one, scratch));
      double triad = shortest(() -> backend.kernels().pointwise().binary(BinaryOp.ADD, a, b, out));
      double launch = usual(() -> backend.kernels().pointwise().fill(one, 1));
      double upload = shortest(() -> memory.upload(host, out.buffer(), 0));
      double download = shortest(() -> memory.download(out.buffer(), 0, host));
      int length = backend.device().kind() == DeviceInfo.Kind.GPU ? 1024 : 4 * CHAIN_LENGTH;
      double fma = shortest(() -> backend.kernels().calibration().fmaChains(chains, length));
      return new Ceilings(
          2 * bytes / copy,
          bytes / read,
          3 * bytes / triad,
          2.0 * length * chains.length() / fma,
          launch / 1e3,
          bytes / upload,
          bytes / download);
    } finally {
      while (owned.size() > mine) {
        memory.release(owned.removeLast());
      }
    }
  }

  private double usual(Runnable call) {
    return Quantiles.lowerQuartile(new Stopwatch(3, 10_000_000).time(call, backend));
  }

  /** A ceiling is what was possible: what other processes take from the machine does not count. */
  private double shortest(Runnable call) {
    return Collections.min(new Stopwatch(5, 500_000_000).time(call, backend));
  }

  private Span floats(int elements) {
    Span span = new Span(allocate(4L * elements), DType.F32, 0, elements);
    backend.kernels().pointwise().fill(span, 1);
    return span;
  }

  private Span bytes(long bytes) {
    return new Span(allocate(bytes), DType.U8, 0, bytes);
  }

  private DeviceBuffer allocate(long bytes) {
    DeviceBuffer buffer = memory.allocate(bytes);
    owned.add(buffer);
    return buffer;
  }

  @Override
  public void close() {
    backend.synchronize();
    owned.forEach(memory::release);
    owned.clear();
  }
}
