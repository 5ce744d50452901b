package dev.quern.train.command;

import dev.quern.bench.check.CaseResult;
import dev.quern.bench.selftest.Report;
import dev.quern.bench.selftest.Selftest;
import dev.quern.bench.selftest.SelftestJson;
import dev.quern.bench.selftest.SelftestOptions;
import dev.quern.bench.selftest.SuiteResult;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.message.BadInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Proves on this machine that the backends compute what they should. */
@Command(
    name = "selftest",
    description = "Check that every backend of this machine computes what it should.",
    mixinStandardHelpOptions = true)
public final class SelftestCommand implements Callable<Integer> {

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      description = "A backend that must be here, such as opencl or opencl:1; may be repeated.")
  private List<String> backends = List.of();

  @Option(
      names = "--golden",
      paramLabel = "DIR",
      description = "Folder of golden suites to use in place of the embedded ones.")
  private @Nullable Path golden;

  @Option(
      names = "--suite",
      paramLabel = "NAME",
      description = "Run this suite only; may be repeated.")
  private List<String> suites = List.of();

  @Option(
      names = "--sabotage",
      description = "Make every backend a little wrong: the checks must fail.")
  private boolean sabotage;

  @Option(
      names = "--random",
      paramLabel = "N",
      description = "Run so many random cases in place of the suites.")
  private int random;

  @Option(
      names = "--seed",
      paramLabel = "S",
      description = "What random cases are drawn from; ${DEFAULT-VALUE} by default.")
  private long seed = 1;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the numbers of each suite and the failures, after each suite.")
  private @Nullable Path json;

  @Spec private CommandSpec spec;

  /** For picocli, which fills in the options. */
  @SuppressWarnings("NullAway.Init")
  public SelftestCommand() {}

  @Override
  public Integer call() {
    if (golden != null && !Files.isDirectory(golden)) {
      throw new BadInputException(
          "--golden %s is not a folder; give the folder of the JSON suites.".formatted(golden));
    }
    if (json != null) {
      AtomicFile.requireWritable(json);
    }
    Instant started = Instant.now();
    var done = new ArrayList<SuiteResult>();
    Report report;
    try {
      report =
          Selftest.run(
              new SelftestOptions(backends, golden, suites, sabotage, random, seed),
              System.out,
              suite -> {
                done.add(suite);
                keep(started, false, done);
              });
    } catch (IllegalArgumentException e) {
      throw new BadInputException(String.valueOf(e.getMessage()), e);
    }
    keep(started, true, done);
    return report.count(CaseResult.Status.FAILED) == 0 ? 0 : 1;
  }

  /** Writes the JSON file, if one was asked for. */
  private void keep(Instant started, boolean complete, List<SuiteResult> suites) {
    if (json != null) {
      String version = String.join(" ", spec.root().version());
      AtomicFile.writeText(json, SelftestJson.write(version, started, complete, suites));
    }
  }
}
