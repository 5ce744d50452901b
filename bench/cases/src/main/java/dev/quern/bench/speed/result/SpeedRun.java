package dev.quern.bench.speed.result;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Everything that a run of the benchmark found.
 *
 * @param format the version of this layout, 2
 * @param quern the version that was measured
 * @param started when, in ISO 8601
 * @param seconds how long it took
 * @param command the options it was run with
 * @param machine where
 * @param devices what was measured
 * @param measurements one for each benchmark, size and device
 * @param parity how far each device is from the reference backend
 */
public record SpeedRun(
    int format,
    String quern,
    String started,
    double seconds,
    String command,
    Machine machine,
    List<DeviceRun> devices,
    List<Measurement> measurements,
    List<ParityRow> parity) {

  /** The version of the layout. */
  public static final int FORMAT = 2;

  /** The backend that speed-ups are relative to. */
  public static final String REFERENCE = "reference";

  /** Copies the lists. */
  public SpeedRun {
    devices = List.copyOf(devices);
    measurements = List.copyOf(measurements);
    parity = List.copyOf(parity);
  }

  /**
   * {@return how many times as fast as the reference backend this is, if both were measured}
   *
   * @param measurement one of this run
   */
  public Optional<Double> againstReference(Measurement measurement) {
    return measurements.stream()
        .filter(m -> m.device().startsWith(REFERENCE) && m.unfused() == measurement.unfused())
        .filter(m -> m.taken() && measurement.taken() && m.sameWork(measurement))
        .map(m -> m.callNanos() / measurement.callNanos())
        .findFirst();
  }

  /**
   * {@return how many times as fast as the unfused definition on the same device this is, if that
   * was measured}
   *
   * @param measurement one of this run
   */
  public Optional<Double> againstUnfused(Measurement measurement) {
    return measurements.stream()
        .filter(m -> m.unfused() && !measurement.unfused())
        .filter(m -> m.device().equals(measurement.device()))
        .filter(m -> m.taken() && measurement.taken() && m.sameWork(measurement))
        .map(m -> m.callNanos() / measurement.callNanos())
        .findFirst();
  }

  /**
   * {@return this run with the devices and measurements of another, such as one of another program,
   * beside its own}
   *
   * @param other what is added
   * @throws IllegalArgumentException if both have a device of one name
   */
  public SpeedRun with(SpeedRun other) {
    for (DeviceRun device : other.devices) {
      if (devices.stream().anyMatch(mine -> mine.id().equals(device.id()))) {
        throw new IllegalArgumentException(
            "Both runs have a device %s: measure one of them without it.".formatted(device.id()));
      }
    }
    return new SpeedRun(
        format,
        quern,
        started,
        seconds,
        command,
        machine,
        Stream.concat(devices.stream(), other.devices.stream()).toList(),
        Stream.concat(measurements.stream(), other.measurements.stream()).toList(),
        Stream.concat(parity.stream(), other.parity.stream()).toList());
  }

  /**
   * {@return a device of this run}
   *
   * @param id its name
   */
  public DeviceRun device(String id) {
    return devices.stream().filter(device -> device.id().equals(id)).findFirst().orElseThrow();
  }
}
