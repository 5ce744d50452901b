package dev.quern.bench.speed;

import dev.quern.DType;
import dev.quern.DeviceInfo;
import dev.quern.spi.Backend;
import dev.quern.spi.BinaryOp;
import dev.quern.spi.DeviceBuffer;
import dev.quern.spi.DeviceMemory;
import dev.quern.spi.Span;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Measures what a device can do at most, and, every tenth of a second of visits, its pace: a plain
 * copy by the device's memory and chains of fma, neither of which shares code with the kernels that
 * are judged by it.
 */
final class CeilingMeter implements AutoCloseable {

  /** Long enough that neither the clock nor a launch counts. */
  private static final long LEAST_PACE_NANOS = 250_000;

  /** How long a pace holds: a benchmark's sizes are measured in about this time. */
  private static final long PACE_NANOS = 100_000_000;

  private static final int FIRST_COPY_BYTES = 8 << 20;
  private static final int MOST_COPY_BYTES = 128 << 20;
  private static final int FIRST_CHAINS = 1 << 13;
  private static final int MOST_CHAINS = 1 << 24;
  private static final int CHAIN_LENGTH = 64;

  private final Backend backend;
  private final DeviceMemory memory;
  private final List<DeviceBuffer> owned = new ArrayList<>();
  private final int copyBytes;
  private final DeviceBuffer source;
  private final DeviceBuffer target;
  private final int chains;
  private final Span chained;
  private double paceCopyGbs;
  private double paceFmaGflops;
  private long paceMeasured = System.nanoTime() - PACE_NANOS;

  CeilingMeter(Backend backend) {
    this.backend = backend;
    this.memory = backend.memory();
    int bytes = FIRST_COPY_BYTES;
    DeviceBuffer from = allocate(bytes);
    DeviceBuffer to = allocate(bytes);
    while (bytes < MOST_COPY_BYTES && copyNanos(from, to, bytes) < LEAST_PACE_NANOS) {
      bytes *= 2;
      releaseAll();
      from = allocate(bytes);
      to = allocate(bytes);
    }
    this.copyBytes = bytes;
    this.source = from;
    this.target = to;
    int elements = FIRST_CHAINS;
    Span data = floats(elements);
    while (elements < MOST_CHAINS && chainNanos(data) < LEAST_PACE_NANOS) {
      elements *= 2;
      data = floats(elements);
    }
    this.chains = elements;
    this.chained = data;
  }

  /** Adds the device's pace about now to what was measured. */
  Visit visited(List<Double> nanos) {
    if (System.nanoTime() - paceMeasured > PACE_NANOS) {
      paceCopyGbs = 2.0 * copyBytes / copyNanos(source, target, copyBytes);
      paceFmaGflops = 2.0 * CHAIN_LENGTH * chains / chainNanos(chained);
      paceMeasured = System.nanoTime();
    }
    return new Visit(nanos, paceCopyGbs, paceFmaGflops);
  }

  /**
   * Measures the ceilings once.
   *
   * @param elements the F32 elements of an operand
   */
  Ceilings measure(int elements) {
    int mine = owned.size();
    Span a = floats(elements);
    Span b = floats(elements);
    Span out = floats(elements);
    Span scratch = bytes(backend.reduction().scratchBytes(elements));
    Span one = new Span(a.buffer(), DType.F32, 0, 1);
    long bytes = 4L * elements;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment host = arena.allocate(bytes, 64);
      double copy =
          Math.min(
              shortest(() -> memory.copy(a.buffer(), 0, out.buffer(), 0, bytes)),
              shortest(() -> backend.pointwise().copy(a, out)));
      double read = shortest(() -> backend.reduction().sum(a, one, scratch));
      double triad = shortest(() -> backend.pointwise().binary(BinaryOp.ADD, a, b, out));
      double launch = median(() -> backend.pointwise().fill(one, 1));
      double upload = shortest(() -> memory.upload(host, out.buffer(), 0));
      double download = shortest(() -> memory.download(out.buffer(), 0, host));
      int length = backend.device().kind() == DeviceInfo.Kind.GPU ? 1024 : 4 * CHAIN_LENGTH;
      double fma = shortest(() -> backend.calibration().fmaChains(chained, length));
      return new Ceilings(
          2 * bytes / copy,
          bytes / read,
          3 * bytes / triad,
          2.0 * length * chains / fma,
          launch / 1e3,
          bytes / upload,
          bytes / download);
    } finally {
      while (owned.size() > mine) {
        memory.release(owned.removeLast());
      }
    }
  }

  private double copyNanos(DeviceBuffer from, DeviceBuffer to, int bytes) {
    return median(() -> memory.copy(from, 0, to, 0, bytes));
  }

  private double chainNanos(Span data) {
    return median(() -> backend.calibration().fmaChains(data, CHAIN_LENGTH));
  }

  private double median(Runnable call) {
    return Quantiles.median(new Stopwatch(3, 10_000_000).time(call, backend));
  }

  /** A ceiling is what was possible: what other processes take from the machine does not count. */
  private double shortest(Runnable call) {
    return Quantiles.of(new Stopwatch(5, 500_000_000).time(call, backend), 0);
  }

  private Span floats(int elements) {
    Span span = new Span(allocate(4L * elements), DType.F32, 0, elements);
    backend.pointwise().fill(span, 1);
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

  private void releaseAll() {
    backend.synchronize();
    owned.forEach(memory::release);
    owned.clear();
  }

  @Override
  public void close() {
    releaseAll();
  }
}
