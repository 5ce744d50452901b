package dev.quern.bench.jmh;

import dev.quern.Backends;
import dev.quern.bench.cases.KernelCases;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Backend;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * The kernels that {@code quern bench} times, under JMH: a call on operands that lie ready, waited
 * for. Bytes are what the call cannot avoid moving; their counter shows time per byte.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {"--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"})
public class KernelBenchmark {

  /** The backend's name, with a device's index if wanted: {@code opencl:0}. */
  @Param({"reference", "simd"})
  public String backend = "";

  /** The benchmark's name, as {@code quern bench} lists it. */
  @Param({
    "fill",
    "copy",
    "copy u8 to f32",
    "add",
    "sigmoid",
    "softplus",
    "relu",
    "relu gradient",
    "sum",
    "pixel totals",
    "matrix product",
    "convolution 3x3 of 16",
    "convolution 3x3 of 16, input gradient",
    "convolution 3x3 of 16, weight gradient",
    "convolution 3x3 of 64",
    "convolution 3x3 of 64, input gradient",
    "convolution 3x3 of 64, weight gradient",
    "convolution 1x1 of 64",
    "batch norm statistics",
    "batch norm",
    "batch norm backward",
    "softmax of 16",
    "average pool",
    "max pool",
    "max pool backward",
    "upsample bilinear",
    "upsample bilinear backward",
    "to channels last",
    "concat",
    "uniform",
    "dice u8",
    "jaccard u8",
    "bce u8",
    "dice+bce u8",
    "dice+bce f32",
    "focal gamma 2 u8",
    "focal gamma 1.5 u8",
    "dice of 16 classes u8",
    "cross-entropy of 16 classes u8",
    "lovasz hinge u8",
    "lovasz hinge trained u8",
    "lovasz softmax u8",
    "lovasz softmax trained u8",
    "confusion counts u8",
    "adam",
    "adam amsgrad",
    "norm and adam",
    "norm and adam amsgrad L1 clip value",
    "sgd Nesterov",
    "fma chains"
  })
  public String kernel = "";

  /** About how many elements an operand has. */
  @Param({"65536", "8388608"})
  public int elements;

  private Backend device;
  private Workbench bench;
  private Runnable call;
  private long bytes;

  /** For JMH, which sets the fields through {@link #prepare}. */
  @SuppressWarnings("NullAway.Init")
  public KernelBenchmark() {}

  /** The bytes moved. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Traffic {
    /** Bytes that the calls of an iteration could not avoid moving. */
    public long bytes;

    /** For JMH. */
    public Traffic() {}
  }

  /** Opens the backend and places the operands. */
  @Setup
  public void prepare() {
    prepare(Workbench::forTiming);
  }

  /** The same on a workbench of one's own. */
  void prepare(Function<Backend, Workbench> workbench) {
    KernelCase kernelCase =
        KernelCases.benchmarks().stream()
            .filter(b -> b.name().equals(kernel))
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("There is no benchmark '" + kernel + "'."))
            .at()
            .apply(elements);
    device = Backends.openBackend(backend);
    bench = workbench.apply(device);
    call = kernelCase.setup().on(bench);
    bytes = kernelCase.bytes();
  }

  /** Releases the operands. */
  @TearDown
  public void close() {
    bench.close();
    device.close();
  }

  /**
   * One call, until it is done.
   *
   * @param traffic counts its bytes
   */
  @Benchmark
  public void run(Traffic traffic) {
    call.run();
    device.synchronize();
    traffic.bytes += bytes;
  }

  /** {@return what the calls so far left in the results} */
  List<Workbench.Result> results() {
    return bench.results();
  }
}
