package dev.quern.bench.jmh;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.Kernels;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a call costs besides its kernel: a fill of 64 elements through an engine, with its checks,
 * its lock and the flight recorder's flags, and straight on the backend.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class EngineCallBenchmark {
  /** The backend's name. */
  @Param("simd")
  public String backend = "";

  private Engine engine;
  private Tensor tensor;
  private Kernels kernels;

  /** For JMH, which sets the fields through {@link #open}. */
  @SuppressWarnings("NullAway.Init")
  public EngineCallBenchmark() {}

  /** Opens the engine. */
  @Setup
  public void open() {
    engine = Engine.open(backend);
    tensor = engine.empty(DType.F32, Shape.of(64)).detach();
    engine.submit(k -> kernels = k);
  }

  /** Closes it. */
  @TearDown
  public void close() {
    engine.close();
  }

  /** The call of a user. */
  @Benchmark
  public void throughEngine() {
    tensor.fill(1);
  }

  /** The kernel alone. */
  @Benchmark
  public void kernelAlone() {
    kernels.pointwise().fill(tensor.span(), 1);
  }
}
