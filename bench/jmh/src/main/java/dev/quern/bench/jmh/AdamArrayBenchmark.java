package dev.quern.bench.jmh;

import dev.quern.spi.BackendProvider;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.AdamGroup;
import java.util.ServiceLoader;
import java.util.SplittableRandom;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * One Adam step over Java arrays; it reads and writes 28 bytes per element. The large size lies
 * well above the last-level cache.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class AdamArrayBenchmark {

  private static final double BETA1 = 0.9;
  private static final double BETA2 = 0.999;

  /** The backend's name. */
  @Param({"reference", "simd"})
  public String backend = "";

  /** How many parameters. */
  @Param({"65536", "33554432"})
  public int elements;

  private ArrayKernels kernels;
  private float[] parameters;
  private float[] gradients;
  private float[] expAvg;
  private float[] expAvgSq;
  private long step;

  /** For JMH, which sets the fields through {@link #prepare}. */
  @SuppressWarnings("NullAway.Init")
  public AdamArrayBenchmark() {}

  /** Finds the backend and fills the arrays. */
  @Setup
  public void prepare() {
    kernels =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(provider -> provider.name().equals(backend))
            .map(BackendProvider::arrays)
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("No array kernels from " + backend));
    parameters = new float[elements];
    gradients = new float[elements];
    expAvg = new float[elements];
    expAvgSq = new float[elements];
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < elements; i++) {
      parameters[i] = random.nextFloat() - 0.5f;
      gradients[i] = random.nextFloat() - 0.5f;
    }
  }

  /** The step. */
  @Benchmark
  public void adam() {
    AdamCoefficients coefficients =
        AdamCoefficients.of(new AdamGroup(1e-3, BETA1, BETA2, 1e-8, 0, 0, 1, 1, 0), step++);
    kernels.adam(parameters, gradients, expAvg, expAvgSq, null, coefficients);
  }
}
