package dev.quern.train.command;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.bench.speed.SpeedBench;
import dev.quern.bench.speed.SpeedOptions;
import dev.quern.bench.speed.compare.Comparison;
import dev.quern.bench.speed.compare.ComparisonTable;
import dev.quern.bench.speed.result.DeviceRun;
import dev.quern.bench.speed.result.SpeedJson;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.bench.speed.result.SpeedTable;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.io.IoReason;
import dev.quern.train.message.BadInputException;
import dev.quern.train.report.BenchReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Times the kernels of every backend. */
@Command(
    name = "bench",
    description = "Time the kernels of every backend against each other and the hardware's limit.",
    mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {

  /** Of this build, that a comparison measures in all. */
  private static final int MOST_PROCESSES = 3;

  @Spec private CommandSpec spec;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      split = ",",
      description = "A backend that must be here, such as simd or opencl:1; may be repeated.")
  private List<String> backends = List.of();

  @Option(
      names = "--case",
      paramLabel = "NAME",
      split = ",",
      description = "Only benchmarks or families with this in their name; may be repeated.")
  private List<String> cases = List.of();

  @Option(
      names = "--sizes",
      paramLabel = "N",
      split = ",",
      converter = ElementCount.class,
      description = "Numbers of elements in place of the sweep, such as 4K,1M,64M (K is 1024).")
  private List<Integer> sizes = List.of();

  @Option(
      names = "--dtype",
      paramLabel = "DTYPE",
      split = ",",
      description = "Only benchmarks whose data has this dtype, such as f32; may be repeated.")
  private List<DType> dtypes = List.of();

  @Option(names = "--quick", description = "Fewer sizes, less time for each: done within a minute.")
  private boolean quick;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write everything measured, after each round.")
  private @Nullable Path json;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a report to look at.")
  private @Nullable Path html;

  @Option(
      names = "--with",
      paramLabel = "FILE.json",
      description =
          "With --html: show this run's devices beside the measured ones, such as what"
              + " bench_pytorch.py wrote; may be repeated.")
  private List<Path> others = List.of();

  @Option(
      names = "--compare",
      paramLabel = "OLD.json",
      split = ",",
      description =
          "Say what became slower or faster than in this run, beyond the noise of both; measures"
              + " up to twice more, in new processes, unless all is clear at once. Of the older"
              + " build two runs are better than one: may be repeated.")
  private List<Path> compare = List.of();

  @Option(
      names = "--fail-on-regression",
      description = "With --compare: exit with 1 if anything became slower.")
  private boolean failOnRegression;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public BenchCommand() {}

  @Override
  public Integer call() {
    List<SpeedRun> old = compare.stream().map(BenchCommand::read).toList();
    if (failOnRegression && old.isEmpty()) {
      throw new BadInputException("--fail-on-regression needs --compare OLD.json.");
    }
    if (!others.isEmpty() && html == null) {
      throw new BadInputException("--with needs --html FILE.");
    }
    SpeedRun further = others.isEmpty() ? null : otherPrograms();
    Path jsonFile = json;
    Path htmlFile = html;
    Stream.of(jsonFile, htmlFile).filter(Objects::nonNull).forEach(AtomicFile::requireWritable);
    SpeedRun run;
    var progress = new StatusLine(System.err);
    try {
      var options = new SpeedOptions(backends, cases, sizes, dtypes, quick);
      String command = String.join(" ", spec.commandLine().getParseResult().originalArgs());
      String version = String.join(" ", spec.root().version());
      run =
          SpeedBench.run(
              options, "quern " + command, version, progress::show, soFar -> keep(soFar, jsonFile));
    } catch (IllegalArgumentException e) {
      throw new BadInputException(String.valueOf(e.getMessage()), e);
    } finally {
      progress.clear();
    }
    SpeedTable.print(run, System.out);
    keep(run, jsonFile);
    SpeedRun shown = further == null ? run : run.with(further);
    if (htmlFile != null) {
      new BenchReport(shown, null).write(htmlFile);
    }
    if (old.isEmpty()) {
      return 0;
    }
    var comparison = compare(old, run, progress);
    if (htmlFile != null) {
      new BenchReport(shown, comparison).write(htmlFile);
    }
    ComparisonTable.print(comparison, System.out);
    return failOnRegression && !comparison.slower().isEmpty() ? 1 : 0;
  }

  /**
   * Compares, with further processes of this build as long as there is doubt. What the first
   * measured is on disk by then, whatever becomes of the others.
   */
  private Comparison compare(List<SpeedRun> old, SpeedRun run, StatusLine progress) {
    var recent = new ArrayList<>(List.of(run));
    var comparison = Comparison.of(old, recent);
    if (comparison.rows().isEmpty()) {
      throw new BadInputException(
          compare.getFirst() + " has no device, benchmark and size in common with this run.");
    }
    try {
      while (comparison.wantsConfirmation() && recent.size() < MOST_PROCESSES) {
        progress.show(
            "measuring again in a new process, to be sure: about %d s"
                .formatted(Math.round(run.seconds())));
        recent.add(BenchProcess.run(measured()));
        comparison = Comparison.of(old, recent);
      }
    } catch (IOException e) {
      throw new BadInputException(
          "A further process, which --compare needs where the first leaves doubt, failed: %s."
              .formatted(e.getMessage()),
          e);
    } finally {
      progress.clear();
    }
    System.out.printf(
        Locale.ROOT,
        "%nProcesses compared, of each build at its fastest: %d of the older, %d of this:%n",
        old.size(),
        recent.size());
    return comparison;
  }

  /** The arguments that say what is measured. */
  private List<String> measured() {
    var arguments = new ArrayList<String>(List.of("bench"));
    backends.forEach(name -> arguments.add("--backend=" + name));
    cases.forEach(name -> arguments.add("--case=" + name));
    sizes.forEach(size -> arguments.add("--sizes=" + size));
    dtypes.forEach(dtype -> arguments.add("--dtype=" + dtype));
    if (quick) {
      arguments.add("--quick");
    }
    return arguments;
  }

  /** What {@code --with} named, as one run; none of it may be a device of Quern. */
  private SpeedRun otherPrograms() {
    Set<String> own = Backends.probe().keySet();
    for (Path file : others) {
      for (DeviceRun device : read(file).devices()) {
        if (own.contains(device.id().split(":", 2)[0])) {
          throw new BadInputException(
              "%s is a run of Quern itself (%s): compare with it by --compare."
                  .formatted(file, device.id()));
        }
      }
    }
    try {
      return others.stream().map(BenchCommand::read).reduce(SpeedRun::with).orElseThrow();
    } catch (IllegalArgumentException e) {
      throw new BadInputException(String.valueOf(e.getMessage()), e);
    }
  }

  /** Writes the JSON file, if one was asked for. */
  private static void keep(SpeedRun run, @Nullable Path file) {
    if (file != null) {
      AtomicFile.writeText(file, SpeedJson.write(run));
    }
  }

  private static SpeedRun read(Path file) {
    try {
      return SpeedJson.read(Files.readString(file));
    } catch (IOException e) {
      throw new BadInputException("Cannot read %s: %s.".formatted(file, IoReason.of(e)), e);
    } catch (IllegalArgumentException e) {
      throw new BadInputException(file + ": " + e.getMessage(), e);
    }
  }
}
