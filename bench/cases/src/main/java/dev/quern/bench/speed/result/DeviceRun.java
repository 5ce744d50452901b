package dev.quern.bench.speed.result;

/**
 * A device that was measured.
 *
 * @param id such as {@code opencl:0}
 * @param name the device's own name
 * @param kind {@code CPU} or {@code GPU}
 * @param driver the driver or runtime behind it
 * @param computeUnits cores or multiprocessors
 * @param ceilings what it can do at most
 */
public record DeviceRun(
    String id, String name, String kind, String driver, int computeUnits, Ceilings ceilings) {}
