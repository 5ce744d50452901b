package dev.quern.bench;

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
 */
public record SelftestOptions(
    List<String> backends, @Nullable Path golden, List<String> suites, boolean sabotage) {

  /** Makes the lists unmodifiable. */
  public SelftestOptions {
    backends = List.copyOf(backends);
    suites = List.copyOf(suites);
  }

  /** Everything, on every backend that is there. */
  public SelftestOptions() {
    this(List.of(), null, List.of(), false);
  }

  boolean wants(String suite) {
    return suites.isEmpty() || suites.contains(suite);
  }
}
