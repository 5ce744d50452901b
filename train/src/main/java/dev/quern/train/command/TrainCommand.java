package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import dev.quern.train.option.RunOptions;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.SameData;
import dev.quern.train.run.TrainingData;
import dev.quern.train.trainer.TrainingRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** Trains a model on folders of images and masks, or on synthetic images. */
@Command(
    name = "train",
    description = "Train on folders of images and masks, or on synthetic images.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class TrainCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private RunOptions settings;

  @Mixin private EngineOptions options;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Folder of the run, new or empty (default: runs/DATE-TIME).")
  private @Nullable Path out;

  @Option(
      names = "--resume",
      paramLabel = "RUN",
      description = {
        "Go on with the run in this folder; --epochs, --backend, --threads and --max-time may",
        "differ, and --images and the like where the images were moved."
      })
  private @Nullable Path resume;

  @Option(
      names = "--max-time",
      paramLabel = "TIME",
      converter = DurationConverter.class,
      description =
          "Stop with a checkpoint before so much time has passed: 90s, 30m, 1.5h, 12:00:00.")
  private @Nullable Duration maxTime;

  /** Whether there is something worth keeping in the folder. */
  private boolean started;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public TrainCommand() {}

  @Override
  public Integer call() {
    Deadline deadline = Deadline.in(maxTime);
    ParseResult given = spec.commandLine().getParseResult();
    if (resume != null) {
      if (out != null) {
        throw new BadInputException(
            "--out cannot be given with --resume; start a new run instead.");
      }
      try (RunFolder folder = RunFolder.existing(resume)) {
        RunConfig config = settings.resumed(folder.readConfig(), given);
        run(
            folder,
            options.backend == null ? config : config.withBackend(options.backend),
            deadline);
      }
      return 0;
    }
    RunConfig config = settings.config(given, options.backend);
    try (RunFolder folder =
        out != null ? RunFolder.claim(out) : RunFolder.claimNew(defaultFolder())) {
      try {
        folder.writeConfig(config);
        run(folder, config, deadline);
      } catch (RuntimeException e) {
        if (!started) {
          folder.abandon();
        }
        throw e;
      }
    }
    return 0;
  }

  private void run(RunFolder folder, RunConfig wanted, Deadline deadline) {
    try (Engine engine = options.open(wanted.backend());
        Interruption interruption = new Interruption(folder.path())) {
      PrintWriter console = spec.commandLine().getOut();
      TrainingData images;
      try (ReadingProgress progress = new ReadingProgress(console)) {
        images =
            TrainingData.open(wanted.data(), wanted.seed(), options.featureThreads(), progress);
      }
      SameData.require(wanted.data(), images.identity(), folder.path());
      RunConfig config = wanted.withData(wanted.data().withIdentity(images.identity()));
      if (!folder.hasCheckpoint()) {
        folder.writeConfig(config); // else it is written once the checkpoint is found to be usable
      }
      images.look().lines().forEach(console::println);
      images.notes().forEach(console::println);
      try (TrainingRun run =
          new TrainingRun(engine, config, folder, images, options.featureThreads())) {
        interruption.beginTraining();
        train(run, images, engine, folder, deadline, interruption);
      }
    }
  }

  private void train(
      TrainingRun run,
      TrainingData images,
      Engine engine,
      RunFolder folder,
      Deadline deadline,
      Interruption interruption) {
    PrintWriter console = spec.commandLine().getOut();
    Dataset test = images.split().test();
    console.printf(
        "Training on %s, validating on %d%s, on %s (%s).%n",
        Count.of(images.split().train().size(), "image"),
        images.split().validation().size(),
        test == null ? "" : ", %d kept for the test".formatted(test.size()),
        engine.device().id(),
        engine.device().name());
    double otsu = images.validationLook().otsu().jaccard(0);
    console.printf(Locale.ROOT, "Baseline, Otsu's threshold per image: IoU %.4f%n", otsu);
    console.flush();
    List<EpochMetrics> done;
    try (ConsoleProgress progress =
        new ConsoleProgress(console, ConsoleProgress.terminal(), () -> started = true)) {
      done =
          folder.hasCheckpoint()
              ? run.resume(deadline, interruption::isRequested, progress)
              : run.train(deadline, interruption::isRequested, progress);
    }
    if (interruption.isRequested()) {
      return;
    }
    if (done.isEmpty()) {
      throw new BadInputException(
          "The time of --max-time was over before an epoch was done; give more with quern train --resume %s."
              .formatted(folder.path()));
    }
    EpochMetrics best =
        done.stream().max(Comparator.comparingDouble(EpochMetrics::valIou)).orElseThrow();
    console.printf(
        Locale.ROOT,
        "Best validation IoU %.4f in epoch %d, %s Otsu's threshold (%.4f) by %.4f%n",
        best.valIou(),
        best.epoch(),
        best.valIou() > otsu ? "above" : "below",
        otsu,
        Math.abs(best.valIou() - otsu));
    if (done.size() < run.epochs()) {
      console.printf(
          "Stopped after %s of %d, as --max-time says; go on with quern train --resume %s%n",
          Count.of(done.size(), "epoch"), run.epochs(), folder.path());
    } else {
      finish(run, done, folder, console);
    }
    console.flush();
  }

  private static void finish(
      TrainingRun run, List<EpochMetrics> done, RunFolder folder, PrintWriter console) {
    ConfusionCounts test = run.test();
    if (test != null) {
      console.printf(Locale.ROOT, "Test IoU %.4f, Dice %.4f%n", test.jaccard(0), test.dice(0));
    }
    try {
      run.writeReport(done, test);
    } catch (BadInputException e) {
      throw new BadInputException(
          "The training is done, but its report is not (%s); make it with quern report %s."
              .formatted(e.getMessage(), folder.path()),
          e);
    }
    console.printf("Checkpoints, metrics and report are in %s%n", folder.path());
  }

  private static Path defaultFolder() {
    return Path.of(
        "runs",
        LocalDateTime.now(ZoneId.systemDefault())
            .format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT)));
  }
}
