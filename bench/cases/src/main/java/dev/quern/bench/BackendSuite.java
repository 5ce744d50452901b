package dev.quern.bench;

import dev.quern.Backends;
import dev.quern.reference.ReferenceProvider;
import dev.quern.spi.Backend;
import dev.quern.spi.KernelFamily;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs every kernel case on one backend: the entry for the backends' own tests.
 *
 * <p>With {@code -Dquern.bench.digests=FILE} a digest of the bits of every result is written to
 * that file; {@link Digests#differences} compares the files of two processes.
 */
public final class BackendSuite {

  private BackendSuite() {}

  /**
   * Opens a backend and runs the parity cases of all families and the gradient check on it.
   *
   * @param backend its name, or a device of it as in {@code opencl:1}
   * @return one result per case
   * @throws dev.quern.BackendUnavailableException if it cannot be used here
   */
  public static Report run(String backend) {
    try (Backend tested = Backends.openBackend(backend)) {
      return run(tested);
    }
  }

  /**
   * Runs the parity cases of all families and the gradient check.
   *
   * @param tested an open backend; it stays open
   * @return one result per case
   */
  public static Report run(Backend tested) {
    var digests = new Digests();
    var results = new ArrayList<CaseResult>();
    try (Backend reference = new ReferenceProvider().open(0)) {
      var suites = new KernelSuites(reference, tested, digests);
      for (KernelFamily family : KernelFamily.values()) {
        results.addAll(suites.parity(family));
      }
      results.addAll(suites.gradient());
    }
    String file = System.getProperty("quern.bench.digests", "");
    if (!file.isEmpty()) {
      try {
        digests.write(Path.of(file));
      } catch (IOException e) {
        throw new UncheckedIOException("The digests cannot be written to " + file + ".", e);
      }
    }
    return new Report(results);
  }

  /**
   * {@return a backend whose every kernel family is a little wrong, for testing that the checks
   * notice}
   *
   * @param sound the backend that does the work; closed with the result
   */
  public static Backend sabotaged(Backend sound) {
    return new SabotagedBackend(sound);
  }

  /** The families in which no case failed although the backend was sabotaged. */
  static List<KernelFamily> unnoticed(Report report) {
    var unnoticed = new ArrayList<KernelFamily>();
    for (KernelFamily family : KernelFamily.values()) {
      boolean noticed =
          report.results().stream()
              .anyMatch(result ->
                  result.suite().equals(KernelSuites.name(family))
                      && result.status() == CaseResult.Status.FAILED);
      if (!noticed) {
        unnoticed.add(family);
      }
    }
    return unnoticed;
  }
}
