package dev.quern.bench.speed.measure;

import dev.quern.Backends;
import dev.quern.DeviceInfo;
import dev.quern.Engine;
import dev.quern.bench.speed.result.Ceilings;
import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.Quantiles;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.bench.speed.result.Visit;
import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** A device under measurement: its kernels, an engine for unfused definitions, its ceilings. */
public final class SpeedDevice implements AutoCloseable {

  /** A copy then moves 256 MB, several times what the second-level cache of most GPUs holds. */
  private static final int LEAST_CEILING_ELEMENTS_OF_GPU = 1 << 25;

  private final Backend backend;
  private final Engine engine;
  private final CeilingMeter meter;
  private final List<Ceilings> ceilings = new ArrayList<>();

  /**
   * Takes over an open backend.
   *
   * @param backend closed with this
   */
  public SpeedDevice(Backend backend) {
    this.backend = backend;
    this.engine = new Engine(backend);
    this.meter = new CeilingMeter(backend);
  }

  /**
   * {@return a device, open}
   *
   * @param name such as {@code simd} or {@code opencl:1}
   * @throws dev.quern.BackendUnavailableException if it is not here
   */
  public static SpeedDevice open(String name) {
    return new SpeedDevice(Backends.openBackend(name));
  }

  /** {@return its name, such as {@code opencl:0}} */
  public String id() {
    return backend.device().id();
  }

  /** {@return its kernels} */
  public Backend backend() {
    return backend;
  }

  Engine engine() {
    return engine;
  }

  /**
   * {@return whether it is only there for others to be compared with}
   *
   * @param devices all that are measured, this one too
   */
  public boolean isBaselineOf(List<SpeedDevice> devices) {
    return id().startsWith(SpeedRun.REFERENCE) && devices.size() > 1;
  }

  /** {@return whether its kernels are Java, which the virtual machine compiles while they run} */
  public boolean isJava() {
    return backend.device().driver().startsWith("Java");
  }

  /** Takes a visit's samples, with the device's pace before and after. */
  Visit visit(Supplier<List<Double>> samples) {
    return meter.visit(samples);
  }

  /**
   * Measures the ceilings again; the best of all counts.
   *
   * @param elements the F32 elements of an operand, on GPUs at least {@code 1 << 25}
   */
  public void measureCeilings(int elements) {
    boolean gpu = backend.device().kind() == DeviceInfo.Kind.GPU;
    ceilings.add(meter.measure(gpu ? Math.max(elements, LEAST_CEILING_ELEMENTS_OF_GPU) : elements));
  }

  /** {@return what the device is and the best of all its ceilings that were measured} */
  public DeviceRun describe() {
    DeviceInfo info = backend.device();
    return new DeviceRun(
        info.id(),
        info.name(),
        info.kind().name(),
        info.driver(),
        info.computeUnits(),
        new Ceilings(
            best(Ceilings::copyGbs),
            best(Ceilings::readGbs),
            best(Ceilings::triadGbs),
            best(Ceilings::fmaGflops),
            Quantiles.lowerQuartile(ceilings.stream().map(Ceilings::launchMicros).toList()),
            best(Ceilings::uploadGbs),
            best(Ceilings::downloadGbs)));
  }

  private double best(ToDoubleFunction<Ceilings> ceiling) {
    return ceilings.stream().mapToDouble(ceiling).max().orElseThrow();
  }

  @Override
  public void close() {
    try (engine) {
      meter.close();
    }
  }
}
