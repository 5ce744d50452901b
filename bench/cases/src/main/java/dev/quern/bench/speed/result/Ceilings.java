package dev.quern.bench.speed.result;

/**
 * What a device can do at most, measured with the simplest kernels: the roof of its roofline.
 *
 * @param copyGbs bytes read and written by a plain copy, in GB/s
 * @param readGbs bytes read by a sum, in GB/s
 * @param triadGbs bytes moved with two streams read and one written, in GB/s
 * @param fmaGflops operations of independent chains of fma, two each, in GFLOP/s
 * @param launchMicros from the call of the smallest kernel until it is done
 * @param uploadGbs from native host memory to the device, in GB/s
 * @param downloadGbs from the device to native host memory, in GB/s
 */
public record Ceilings(
    double copyGbs,
    double readGbs,
    double triadGbs,
    double fmaGflops,
    double launchMicros,
    double uploadGbs,
    double downloadGbs) {

  /** {@return the highest memory bandwidth that was seen, in GB/s} */
  public double bandwidthGbs() {
    return Math.max(copyGbs, Math.max(readGbs, triadGbs));
  }

  /**
   * {@return the least time that a kernel needs by this roof, in nanoseconds}
   *
   * @param bytes what it must move
   * @param operations what it must compute
   */
  public double leastNanos(double bytes, double operations) {
    return Math.max(bytes / bandwidthGbs(), operations / fmaGflops);
  }
}
