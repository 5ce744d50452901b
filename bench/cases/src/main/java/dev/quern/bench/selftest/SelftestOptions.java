package dev.quern.bench.selftest;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a selftest runs.
 *
 * @param backends the backends by name, or devices of them as in {@code opencl:1}; each must be
 *     there. Empty for every backend that is there
 * @param golden a folder of golden suites to run in place of the embedded ones, or null
 * @param suites the suites to run: kernel families in small letters, {@code gradient}, {@code
 *     unfused}, {@code faults}, {@code large}, names of golden suites. Empty for all but {@code
 *     large}, whose operands have more than 2^31 bytes
 * @param sabotage whether every backend is made a little wrong, to see the checks fail
 * @param random how many random cases are run in place of the suites; 0 for the suites
 * @param seed what random cases are drawn from
 */
public record SelftestOptions(
    List<String> backends,
    @Nullable Path golden,
    List<String> suites,
    boolean sabotage,
    int random,
    long seed) {

  /** Makes the lists unmodifiable. */
  public SelftestOptions {
    backends = List.copyOf(backends);
    suites = List.copyOf(suites);
    if (random < 0) {
      throw new IllegalArgumentException(
          "--random is the number of random cases, at least 1, got " + random + ".");
    }
  }

  /**
   * The suites, without random cases.
   *
   * @param backends the backends by name; empty for every backend that is there
   * @param golden a folder of golden suites to run in place of the embedded ones, or null
   * @param suites the suites to run; empty for all but {@code large}
   * @param sabotage whether every backend is made a little wrong
   */
  public SelftestOptions(
      List<String> backends, @Nullable Path golden, List<String> suites, boolean sabotage) {
    this(backends, golden, suites, sabotage, 0, 0);
  }

  /** Everything, on every backend that is there. */
  public SelftestOptions() {
    this(List.of(), null, List.of(), false);
  }

  boolean wants(String suite) {
    return suites.isEmpty() || suites.contains(suite);
  }
}
