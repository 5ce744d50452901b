package dev.quern.bench.speed.result;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One benchmark in one size on one device.
 *
 * @param device its name, such as {@code opencl:0}
 * @param family the kernel family
 * @param benchmark the benchmark's name
 * @param unfused whether this is the loss's definition in plain tensor operations
 * @param dtype the dtype of the data argument
 * @param elements how many elements a call deals with
 * @param bytes what a call must at least move; for an unfused definition that of the fused kernel
 * @param operations the arithmetic operations of a call; likewise
 * @param visits what was measured, empty if it was left out
 * @param leftOut why it was left out, or null
 */
public record Measurement(
    String device,
    String family,
    String benchmark,
    boolean unfused,
    String dtype,
    long elements,
    long bytes,
    double operations,
    List<Visit> visits,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable String leftOut) {

  /** Copies the list. */
  public Measurement {
    visits = List.copyOf(visits);
  }

  /** {@return whether there is anything to show} */
  public boolean taken() {
    return !visits.isEmpty();
  }

  /**
   * {@return the time of a call in nanoseconds: the lower quartile, over the visits, of each
   * visit's median}
   */
  public double callNanos() {
    return Quantiles.lowerQuartile(visits.stream().map(Visit::median).toList());
  }

  /**
   * {@return a quantile of all samples, in nanoseconds a call}
   *
   * @param share between 0 and 1
   */
  public double quantileNanos(double share) {
    return Quantiles.of(visits.stream().flatMap(visit -> visit.nanos().stream()).toList(), share);
  }

  /** {@return what must be moved over the time of a call, in GB/s} */
  public double gbs() {
    return bytes / callNanos();
  }

  /**
   * {@return how much of what the roof allows was reached; above 1 where caches serve what the roof
   * takes from memory}
   *
   * @param ceilings the device's
   */
  public double share(Ceilings ceilings) {
    return ceilings.leastNanos((double) bytes, operations) / callNanos();
  }

  /**
   * {@return whether another measurement is of the same kernel in the same size, fused or not,
   * wherever it was taken}
   *
   * @param other the other
   */
  public boolean sameWork(Measurement other) {
    return benchmark.equals(other.benchmark) && elements == other.elements;
  }
}
