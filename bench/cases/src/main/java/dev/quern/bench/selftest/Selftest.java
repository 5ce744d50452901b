package dev.quern.bench.selftest;

import dev.quern.BackendUnavailableException;
import dev.quern.Backends;
import dev.quern.Engine;
import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.check.LargeCheck;
import dev.quern.bench.golden.GoldenSuite;
import dev.quern.bench.random.RandomSuite;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import dev.quern.spi.KernelFamily;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Proves on the user's machine that the backends compute what they should: parity with the
 * reference backend, gradients against finite differences, golden vectors. Prints a line per suite
 * and backend, the failures, and a last line {@code N passed, N failed}.
 */
public final class Selftest {

  /** Failures shown per suite; the rest are counted. */
  private static final int SHOWN_FAILURES = 5;

  /** Failures shown of random cases, each of which can be repeated alone. */
  private static final int SHOWN_RANDOM_FAILURES = 50;

  private final SelftestOptions options;
  private final PrintStream out;
  private final Consumer<SuiteResult> listener;
  private final List<GoldenSuite> golden;
  private final List<CaseResult> results = new ArrayList<>();

  private Selftest(SelftestOptions options, PrintStream out, Consumer<SuiteResult> listener) {
    this.options = options;
    this.out = out;
    this.listener = listener;
    Path folder = options.golden();
    this.golden = folder == null ? GoldenSuite.embedded() : GoldenSuite.in(folder);
  }

  /**
   * Runs a selftest.
   *
   * @param options what to run
   * @param out where to print
   * @return one result per case and backend; a backend asked for by name that is not there is a
   *     failure
   * @throws IllegalArgumentException if there is no suite of a name asked for, or the golden folder
   *     holds none
   */
  public static Report run(SelftestOptions options, PrintStream out) {
    return run(options, out, _ -> {});
  }

  /**
   * Runs a selftest and tells of each suite when it is done.
   *
   * @param options what to run
   * @param out where to print
   * @param listener is given what became of each suite on each backend
   * @return one result per case and backend; a backend asked for by name that is not there is a
   *     failure
   * @throws IllegalArgumentException if there is no suite of a name asked for, or the golden folder
   *     holds none
   */
  public static Report run(
      SelftestOptions options, PrintStream out, Consumer<SuiteResult> listener) {
    return new Selftest(options, out, listener).run();
  }

  /**
   * Runs a selftest from the command line: {@code [--backend NAME]... [--golden DIR] [--suite
   * NAME]... [--sabotage] [--random N] [--seed S]}. Exits with 0 if nothing failed, 1 if something
   * did, 2 if the arguments make no sense.
   *
   * @param args the arguments
   */
  public static void main(String[] args) {
    int code;
    try {
      Report report = run(parse(args), System.out);
      code = report.count(Status.FAILED) == 0 ? 0 : 1;
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      code = 2;
    }
    System.exit(code);
  }

  private static SelftestOptions parse(String[] args) {
    var backends = new ArrayList<String>();
    var suites = new ArrayList<String>();
    Path golden = null;
    boolean sabotage = false;
    int random = 0;
    long seed = 0;
    var arguments = List.of(args).iterator();
    while (arguments.hasNext()) {
      String option = arguments.next();
      if (option.equals("--sabotage")) {
        sabotage = true;
        continue;
      }
      if (!arguments.hasNext()) {
        throw new IllegalArgumentException(option + " needs a value.");
      }
      String value = arguments.next();
      switch (option) {
        case "--backend" -> backends.add(value);
        case "--suite" -> suites.add(value);
        case "--golden" -> golden = Path.of(value);
        case "--random" -> random = Integer.parseInt(value);
        case "--seed" -> seed = Long.parseLong(value);
        default ->
            throw new IllegalArgumentException(
                "There is no option "
                    + option
                    + "; there are --backend, --golden, --suite, --sabotage, --random and"
                    + " --seed.");
      }
    }
    return new SelftestOptions(backends, golden, suites, sabotage, random, seed);
  }

  private Report run() {
    Set<String> known = suites();
    for (String suite : options.suites()) {
      if (!known.contains(suite)) {
        throw new IllegalArgumentException(
            "There is no suite " + suite + "; there are " + String.join(", ", known) + ".");
      }
    }
    if (options.backends().isEmpty()) {
      Backends.probe()
          .forEach((name, availability) -> {
            switch (availability) {
              case Availability.Available _ -> test(name);
              case Availability.Unavailable(var reasons) -> {
                String why = "not here: " + String.join("; ", reasons);
                report(name, "backend", List.of(CaseResult.skipped("backend", name, why)));
              }
            }
          });
    } else {
      options.backends().forEach(this::test);
    }
    var report = new Report(results);
    if (options.sabotage()) {
      for (Class<? extends KernelFamily> family : BackendSuite.unnoticed(report)) {
        if (options.wants(KernelSuites.name(family))) {
          out.println("Sabotage of " + KernelSuites.name(family) + " was not noticed.");
        }
      }
    }
    out.println(report.summary());
    return report;
  }

  private Set<String> suites() {
    var names = new LinkedHashSet<String>(KernelSuites.names());
    names.add(LargeCheck.SUITE);
    golden.forEach(suite -> names.add(suite.name()));
    return names;
  }

  private void test(String name) {
    Backend tested;
    try {
      tested = Backends.openBackend(name);
    } catch (BackendUnavailableException e) {
      String why = String.valueOf(e.getMessage());
      report(name, "backend", List.of(CaseResult.failed("backend", name, why)));
      return;
    }
    Backend judged = options.sabotage() ? Saboteur.spoil(tested) : tested;
    try (Backend reference = Backends.reference().open(0);
        Engine engine = new Engine(judged)) {
      if (options.random() > 0) {
        report(
            name,
            RandomSuite.NAME,
            RandomSuite.run(name, engine, options.random(), options.seed()));
        return;
      }
      var kernels = new KernelSuites(reference, judged, null, Selection.ALL);
      boolean allLosses = options.suites().contains(KernelSuites.LOSSES);
      kernels
          .all(engine, allLosses ? Selection.ALL : Selection.SAMPLE)
          .forEach((suite, run) -> {
            if (options.wants(suite)) {
              report(name, suite, run.get());
            }
          });
      if (options.suites().contains(LargeCheck.SUITE)) {
        report(name, LargeCheck.SUITE, LargeCheck.on(judged));
      }
      for (GoldenSuite suite : golden) {
        if (options.wants(suite.name())) {
          report(name, suite.name(), GoldenRun.on(engine, suite));
        }
      }
    } catch (RuntimeException e) {
      report(name, "backend", List.of(CaseResult.failed("backend", name, e.toString())));
    }
  }

  private void report(String backend, String suite, List<CaseResult> suiteResults) {
    results.addAll(suiteResults);
    var report = new Report(suiteResults);
    String reasons =
        report.skipReasons().entrySet().stream()
            .map(reason -> reason.getValue() + " " + reason.getKey())
            .collect(Collectors.joining(", "));
    out.printf(
        "%-10s %-30s %s%s%n",
        backend, suite, report.summary(), reasons.isEmpty() ? "" : " (" + reasons + ")");
    List<CaseResult> failed =
        suiteResults.stream().filter(result -> result.status() == Status.FAILED).toList();
    int shown = suite.equals(RandomSuite.NAME) ? SHOWN_RANDOM_FAILURES : SHOWN_FAILURES;
    failed.stream()
        .limit(shown)
        .forEach(result -> out.println("    " + result.name() + ": " + result.detail()));
    if (failed.size() > shown) {
      out.println("    and " + (failed.size() - shown) + " more");
    }
    listener.accept(new SuiteResult(backend, suite, report));
  }
}
