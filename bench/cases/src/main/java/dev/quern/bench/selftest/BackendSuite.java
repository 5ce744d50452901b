package dev.quern.bench.selftest;

import dev.quern.Backends;
import dev.quern.Engine;
import dev.quern.bench.cases.ArrayCases;
import dev.quern.bench.cases.KernelCases;
import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.Parity;
import dev.quern.bench.golden.GoldenSuite;
import dev.quern.bench.kernels.ArrayCase;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.random.RandomSuite;
import dev.quern.spi.Backend;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.host.ArrayKernels;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;

/**
 * Runs everything on one backend: the entry for the backends' own tests.
 *
 * <p>With {@code -Dquern.bench.digests=FILE} a digest of the bits of every parity case's results is
 * written to that file; {@link Digests#differences} compares the files of two processes.
 */
public final class BackendSuite {

  private BackendSuite() {}

  /**
   * Opens a backend and runs the parity cases of all families, a sample of the fused losses, the
   * gradient check, the comparison with unfused definitions, the checks of faults in data, of
   * memory and of what else kernels owe, and the golden suites on it.
   *
   * @param backend its name, or a device of it as in {@code opencl:1}
   * @return one result per case
   * @throws dev.quern.BackendUnavailableException if it cannot be used here
   */
  public static Report run(String backend) {
    return run(Backends.openBackend(backend));
  }

  /**
   * Runs the same on a backend that is open.
   *
   * @param tested an open backend; it is closed at the end
   * @return one result per case
   */
  public static Report run(Backend tested) {
    return run(tested, Selection.ALL);
  }

  /**
   * Opens a backend and runs some cases of every suite on it, chosen by rule: in the order of their
   * sizes every eleventh, and the smallest of each operation.
   *
   * @param backend its name, or a device of it as in {@code opencl:1}
   * @return one result per case
   * @throws dev.quern.BackendUnavailableException if it cannot be used here
   */
  public static Report sample(String backend) {
    return sample(Backends.openBackend(backend));
  }

  /**
   * Runs the same sample on a backend that is open.
   *
   * @param tested an open backend; it is closed at the end
   * @return one result per case
   */
  public static Report sample(Backend tested) {
    return run(tested, Selection.SAMPLE);
  }

  /**
   * Opens a backend and runs the same sample of some kernel suites on it, and no golden suite.
   *
   * @param backend its name, or a device of it as in {@code opencl:1}
   * @param suites their names
   * @return one result per case
   * @throws IllegalArgumentException if there is no such suite
   * @throws dev.quern.BackendUnavailableException if it cannot be used here
   */
  public static Report sample(String backend, List<String> suites) {
    return run(Backends.openBackend(backend), Selection.SAMPLE, suites, List.of());
  }

  private static Report run(Backend tested, Selection selection) {
    return run(tested, selection, KernelSuites.names(), GoldenSuite.embedded());
  }

  private static Report run(
      Backend tested, Selection selection, List<String> suites, List<GoldenSuite> goldens) {
    var digests = new Digests();
    var results = new ArrayList<CaseResult>();
    try (Backend reference = Backends.reference().open(0);
        Engine engine = new Engine(tested)) {
      var kernels = new KernelSuites(reference, tested, digests, selection);
      // all losses, by name: quern selftest --suite losses
      var all = kernels.all(engine, Selection.SAMPLE);
      for (String suite : suites) {
        var run = all.get(suite);
        if (run == null) {
          throw new IllegalArgumentException("There is no suite " + suite + " of kernels.");
        }
        results.addAll(run.get());
      }
      for (GoldenSuite golden : goldens) {
        results.addAll(GoldenRun.on(engine, golden, selection));
      }
    }
    digests.writeIfAsked();
    return new Report(results);
  }

  /**
   * Opens a backend and runs random cases on it.
   *
   * @param backend its name
   * @param count how many
   * @param seed what they are drawn from
   * @return one result per case
   * @throws dev.quern.BackendUnavailableException if it cannot be used here
   */
  public static Report random(String backend, int count, long seed) {
    try (Engine engine = Engine.open(backend)) {
      return new Report(RandomSuite.run(backend, engine, count, seed));
    }
  }

  /**
   * Runs the kernels on Java arrays against those of the reference backend, each case twice.
   *
   * @param tested the array kernels of a backend
   * @return one result per case
   */
  public static Report arrays(ArrayKernels tested) {
    ArrayKernels reference = Objects.requireNonNull(Backends.reference().arrays());
    var results = new ArrayList<CaseResult>();
    for (ArrayCase arrayCase : ArrayCases.all()) {
      results.add(
          CaseResult.attempt(
              "arrays",
              arrayCase.name(),
              () ->
                  Parity.compare(
                      arrayCase.run().apply(reference),
                      arrayCase.run().apply(tested),
                      arrayCase.run().apply(tested))));
    }
    return new Report(results);
  }

  /**
   * {@return what a report proves nothing of: the suites, and the operations of the kernel
   * families, of which no case passed; empty if there is one of each}
   *
   * @param report what {@link #run(Backend)} or {@link #sample(Backend)} gave
   */
  public static List<String> unproven(Report report) {
    List<CaseResult> passed =
        report.results().stream()
            .filter(result -> result.status() == CaseResult.Status.PASSED)
            .toList();
    var unproven = new LinkedHashSet<String>(KernelSuites.names());
    for (Class<? extends KernelFamily> family : Kernels.families()) {
      String suite = KernelSuites.name(family);
      for (KernelCase kernelCase : KernelCases.of(family)) {
        unproven.add(suite + " " + kernelCase.operation());
      }
    }
    GoldenSuite.embedded().forEach(golden -> unproven.add(golden.name()));
    unproven.removeIf(what ->
        passed.stream().anyMatch(r -> (r.suite() + " " + r.name() + " ").startsWith(what + " ")));
    return List.copyOf(unproven);
  }

  /**
   * {@return a backend whose every kernel family is a little wrong, for testing that the checks
   * notice}
   *
   * @param sound the backend that does the work; closed with the result
   */
  static Backend sabotaged(Backend sound) {
    return Saboteur.spoil(sound);
  }

  /** The families in which no case failed although the backend was sabotaged. */
  static List<Class<? extends KernelFamily>> unnoticed(Report report) {
    var unnoticed = new ArrayList<Class<? extends KernelFamily>>();
    for (Class<? extends KernelFamily> family : Kernels.families()) {
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
