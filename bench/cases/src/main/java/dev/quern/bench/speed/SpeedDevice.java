package dev.quern.bench.speed;

import dev.quern.Backends;
import dev.quern.DeviceInfo;
import dev.quern.Engine;
import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** A device under measurement: its kernels, an engine for unfused definitions, its ceilings. */
final class SpeedDevice implements AutoCloseable {

  /** A copy then moves 256 MB, several times what the second-level cache of most GPUs holds. */
  private static final int LEAST_CEILING_ELEMENTS_OF_GPU = 1 << 25;

  private final Backend backend;
  private final Engine engine;
  private final CeilingMeter meter;
  private final List<Ceilings> ceilings = new ArrayList<>();

  /** Takes over an open backend. */
  SpeedDevice(Backend backend) {
    this.backend = backend;
    this.engine = new Engine(backend);
    this.meter = new CeilingMeter(backend);
  }

  /** Opens a device by name. */
  static SpeedDevice open(String name) {
    return new SpeedDevice(Backends.openBackend(name));
  }

  String id() {
    return backend.device().id();
  }

  Backend backend() {
    return backend;
  }

  Engine engine() {
    return engine;
  }

  /** Whether it is only there for others to be compared with. */
  boolean isYardstickOf(List<SpeedDevice> devices) {
    return id().startsWith(SpeedRun.REFERENCE) && devices.size() > 1;
  }

  /** Whether its kernels are Java, which the virtual machine compiles while they run. */
  boolean isJava() {
    return backend.device().driver().startsWith("Java");
  }

  /** Takes a visit's samples, with the device's pace before and after. */
  Visit visit(Supplier<List<Double>> samples) {
    return meter.visit(samples);
  }

  /** Measures the ceilings again. */
  void measureCeilings(int elements) {
    boolean gpu = backend.device().kind() == DeviceInfo.Kind.GPU;
    ceilings.add(meter.measure(gpu ? Math.max(elements, LEAST_CEILING_ELEMENTS_OF_GPU) : elements));
  }

  /** What the device is and the best of all its ceilings that were measured. */
  DeviceRun describe() {
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
            Quantiles.median(ceilings.stream().map(Ceilings::launchMicros).toList()),
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
