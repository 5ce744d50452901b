package dev.quern.train.command;

import static java.util.Map.entry;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.BadInputException;
import dev.quern.train.data.Count;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Split;
import dev.quern.train.model.ModelKind;
import dev.quern.train.run.DataConfig;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.OptimizerConfig;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.SameData;
import dev.quern.train.run.TrainingData;
import dev.quern.train.trainer.ModelKinds;
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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Trains a model on folders of images and masks, or on synthetic images. */
@Command(
    name = "train",
    description = "Train on folders of images and masks, or on synthetic images.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class TrainCommand implements Callable<Integer> {

  private static final Set<String> WITH_RESUME =
      Set.of("--resume", "--epochs", "--backend", "--threads", "--max-time", "--debug");

  /** Where images lie, which may have changed; a digest tells whether they are the same. */
  private static final Set<String> PLACES =
      Set.of(
          "--images",
          "--masks",
          "--pairs",
          "--val-images",
          "--val-masks",
          "--val-pairs",
          "--test-images",
          "--test-masks",
          "--test-pairs");

  /** What is said of folders. */
  private static final List<String> OF_FOLDERS =
      List.of(
          "--layout",
          "--mask-suffix",
          "--recursive",
          "--mask-rule",
          "--ignore-value",
          "--skip-bad",
          "--group-by",
          "--fold",
          "--test-fraction");

  /** What {@code config.json} calls the options that decide the result. */
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          entry("--layout", "data.layout"),
          entry("--mask-suffix", "data.maskSuffix"),
          entry("--recursive", "data.recursive"),
          entry("--mask-rule", "data.maskRule"),
          entry("--ignore-value", "data.ignoreValue"),
          entry("--skip-bad", "data.skipBad"),
          entry("--group-by", "data.groupBy"),
          entry("--fold", "data.fold"),
          entry("--val-fraction", "data.valFraction"),
          entry("--test-fraction", "data.testFraction"),
          entry("--synthetic", "data.synthetic"),
          entry("--model", "model"),
          entry("--batch-size", "batchSize"),
          entry("--pixels", "pixelsPerImage"),
          entry("--loss", "loss"),
          entry("--optimizer", "optimizer.kind"),
          entry("--lr", "optimizer.lr"),
          entry("--weight-decay", "optimizer.weightDecay"),
          entry("--momentum", "optimizer.momentum"),
          entry("--nesterov", "optimizer.nesterov"),
          entry("--l1", "optimizer.l1"),
          entry("--clip", "optimizer.clip"),
          entry("--ema", "optimizer.ema"),
          entry("--scheduler", "scheduler.kind"),
          entry("--warmup", "scheduler.warmup"),
          entry("--min-lr", "scheduler.minLr"),
          entry("--period", "scheduler.period"),
          entry("--period-factor", "scheduler.periodFactor"),
          entry("--restart-decay", "scheduler.restartDecay"),
          entry("--patience", "scheduler.patience"),
          entry("--factor", "scheduler.factor"),
          entry("--threshold", "scheduler.threshold"),
          entry("--threshold-mode", "scheduler.thresholdMode"),
          entry("--cooldown", "scheduler.cooldown"),
          entry("--power", "scheduler.power"),
          entry("--step-size", "scheduler.stepEpochs"),
          entry("--milestones", "scheduler.milestones"),
          entry("--gamma", "scheduler.gamma"),
          entry("--pct-start", "scheduler.pctStart"),
          entry("--anneal", "scheduler.anneal"),
          entry("--div-factor", "scheduler.divFactor"),
          entry("--final-div-factor", "scheduler.finalDivFactor"),
          entry("--three-phase", "scheduler.threePhase"),
          entry("--seed", "seed"));

  @Spec private CommandSpec spec;

  @Mixin private DataOptions data;

  @Option(
      names = "--group-by",
      paramLabel = "REGEX",
      description = {
        "What of a sample's name is its group (a patient, a slide), which is never divided:",
        "an expression such as '^(patient[0-9]+)', or folder for its sub-folder."
      })
  private @Nullable String groupBy;

  @Option(names = "--val-images", paramLabel = "DIR", description = "Folder of validation images.")
  private @Nullable Path valImages;

  @Option(names = "--val-masks", paramLabel = "DIR", description = "Folder of their masks.")
  private @Nullable Path valMasks;

  @Option(names = "--val-pairs", paramLabel = "FILE", description = "Or a list of both.")
  private @Nullable Path valPairs;

  @Option(
      names = "--val-fraction",
      paramLabel = "F",
      defaultValue = "0.2",
      description = "Share held back for validation otherwise (default: ${DEFAULT-VALUE}).")
  private double valFraction;

  @Option(
      names = "--fold",
      paramLabel = "K/N",
      description = "Or: validate on the K-th of N equal parts and train on the others.")
  private @Nullable String fold;

  @Option(
      names = "--test-images",
      paramLabel = "DIR",
      description = "Folder of test images, which are scored once at the end.")
  private @Nullable Path testImages;

  @Option(names = "--test-masks", paramLabel = "DIR", description = "Folder of their masks.")
  private @Nullable Path testMasks;

  @Option(names = "--test-pairs", paramLabel = "FILE", description = "Or a list of both.")
  private @Nullable Path testPairs;

  @Option(
      names = "--test-fraction",
      paramLabel = "F",
      defaultValue = "0",
      description = "Share held back for the test otherwise (default: ${DEFAULT-VALUE}, none).")
  private double testFraction;

  @Option(
      names = "--synthetic",
      paramLabel = "N",
      defaultValue = "128",
      description = "Synthetic training images when no folder is given (${DEFAULT-VALUE}).")
  private int synthetic;

  @Option(
      names = "--model",
      paramLabel = "NAME",
      defaultValue = "pixel",
      description = "pixel: a linear layer on local features of every pixel.")
  private String model;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "20",
      description = "Passes over the training images (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "8",
      description = "Images per step (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--pixels",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Pixels drawn from each image in a step (default: ${DEFAULT-VALUE}).")
  private int pixels;

  @Mixin private OptimizationOptions optimization;

  @Mixin private ScheduleOptions schedule;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of everything drawn: the same seed gives the same bits (${DEFAULT-VALUE}).")
  private long seed;

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
    if (resume != null) {
      try (RunFolder folder = RunFolder.existing(resume)) {
        run(folder, resumedConfig(folder.readConfig()), deadline);
      }
      return 0;
    }
    RunConfig config = newConfig();
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
        InterruptionHint _ = new InterruptionHint(folder.path())) {
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
      started = true;
      images.look().lines().forEach(console::println);
      images.notes().forEach(console::println);
      try (TrainingRun run =
          new TrainingRun(engine, config, folder, images, options.featureThreads())) {
        train(run, images, engine, folder, deadline);
      }
    }
  }

  private void train(
      TrainingRun run, TrainingData images, Engine engine, RunFolder folder, Deadline deadline) {
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
    try (ConsoleProgress progress = new ConsoleProgress(console, ConsoleProgress.terminal())) {
      done =
          folder.hasCheckpoint() ? run.resume(deadline, progress) : run.train(deadline, progress);
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

  private RunConfig newConfig() {
    return newConfig(
        data.place(""),
        data.place("val-", valImages, valMasks, valPairs),
        data.place("test-", testImages, testMasks, testPairs));
  }

  private RunConfig newConfig(
      DataConfig.Place train, DataConfig.Place validation, DataConfig.Place test) {
    ModelKind _ = ModelKinds.of(model);
    if (validation.isGiven() && !train.isGiven()) {
      throw new BadInputException("--val-images needs --images and --masks to train on.");
    }
    if (test.isGiven() && !train.isGiven()) {
      throw new BadInputException("--test-images needs --images and --masks to train on.");
    }
    for (String option : OF_FOLDERS) {
      if (!train.isGiven() && spec.commandLine().getParseResult().hasMatchedOption(option)) {
        throw new BadInputException(
            "%s needs --images or --pairs: synthetic images have their own masks and validation part."
                .formatted(option));
      }
    }
    requireAtLeastOne("--epochs", epochs);
    requireAtLeastOne("--batch-size", batchSize);
    requireAtLeastOne("--pixels", pixels);
    requireAtLeastOne("--synthetic", synthetic);
    OptimizerConfig optimizer = optimization.optimizer();
    DataConfig dataConfig =
        new DataConfig(
            train,
            validation,
            test,
            data.reading(groupBy),
            division(validation, test),
            synthetic,
            data.skipBad,
            null);
    return new RunConfig(
        model,
        options.backend,
        dataConfig,
        epochs,
        batchSize,
        pixels,
        optimization.loss(),
        optimizer,
        schedule.scheduler(epochs, optimizer.lr()),
        seed);
  }

  private Split.Rule division(DataConfig.Place validation, DataConfig.Place test) {
    if (!(valFraction > 0 && valFraction < 1)) {
      throw new BadInputException(
          "--val-fraction is %s; give a number between 0 and 1, such as 0.2."
              .formatted(valFraction));
    }
    if (!(testFraction >= 0 && testFraction < 1)) {
      throw new BadInputException(
          "--test-fraction is %s; give a number from 0 to 1, such as 0.2.".formatted(testFraction));
    }
    if (test.isGiven() && testFraction > 0) {
      throw new BadInputException(
          "--test-fraction and --test-images both say what the test is; give one.");
    }
    if (fold != null && validation.isGiven()) {
      throw new BadInputException("--fold and --val-images both say what validates; give one.");
    }
    if (fold != null && spec.commandLine().getParseResult().hasMatchedOption("--val-fraction")) {
      throw new BadInputException("--fold and --val-fraction both say what validates; give one.");
    }
    if (testFraction > 0 && validation.isGiven()) {
      throw new BadInputException(
          "--test-fraction needs a validation part of the same images; give --test-images beside --val-images.");
    }
    if (fold == null && valFraction + testFraction >= 1) {
      throw new BadInputException(
          "--val-fraction %s and --test-fraction %s leave nothing to train on; lower them."
              .formatted(valFraction, testFraction));
    }
    Matcher matcher = Pattern.compile("(\\d{1,6})/(\\d{1,6})").matcher(fold == null ? "0/0" : fold);
    if (!matcher.matches()) {
      throw new BadInputException("--fold '%s' is no part; give one such as 2/5.".formatted(fold));
    }
    int part = Integer.parseInt(matcher.group(1));
    int parts = Integer.parseInt(matcher.group(2));
    if (fold != null && (parts < 2 || part < 1 || part > parts)) {
      throw new BadInputException(
          "--fold is %s; give K/N with N at least 2 and K from 1 to N.".formatted(fold));
    }
    return new Split.Rule(valFraction, testFraction, part, parts);
  }

  private RunConfig resumedConfig(RunConfig saved) {
    RunConfig config = moved(saved);
    if (spec.commandLine().getParseResult().hasMatchedOption("--epochs")) {
      requireAtLeastOne("--epochs", epochs);
      config = config.withEpochs(epochs);
    }
    refuseOtherSettings(saved);
    return options.backend == null ? config : config.withBackend(options.backend);
  }

  /** The run with its images where they are now, if that was said. */
  private RunConfig moved(RunConfig saved) {
    DataConfig before = saved.data();
    DataConfig.Place train = DataOptions.moved(data.images, data.masks, data.pairs);
    DataConfig.Place validation = DataOptions.moved(valImages, valMasks, valPairs);
    DataConfig.Place test = DataOptions.moved(testImages, testMasks, testPairs);
    requireBefore("--images", train, before.train());
    requireBefore("--val-images", validation, before.validation());
    requireBefore("--test-images", test, before.test());
    return saved.withData(
        before.at(
            train.isGiven() ? train : before.train(),
            validation.isGiven() ? validation : before.validation(),
            test.isGiven() ? test : before.test()));
  }

  private static void requireBefore(String name, DataConfig.Place now, DataConfig.Place before) {
    if (now.isGiven() && !before.isGiven()) {
      throw new BadInputException(
          "%s is given, but the run was started without, and --resume changes no setting; leave it out or start a new run."
              .formatted(name));
    }
  }

  /** What decides the result stays as it was: options given again must say the same. */
  private void refuseOtherSettings(RunConfig saved) {
    List<String> given =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(OptionSpec::longestName)
            .filter(name -> !WITH_RESUME.contains(name) && !PLACES.contains(name))
            .toList();
    if (given.isEmpty()) {
      return;
    }
    Map<String, String> before = saved.describe();
    DataConfig places = saved.data();
    Map<String, String> now =
        newConfig(places.train(), places.validation(), places.test()).describe();
    for (String name : given) {
      String setting = SETTINGS.get(name);
      if (setting == null) {
        throw new BadInputException(
            "%s cannot be given with --resume; start a new run instead.".formatted(name));
      }
      String was = before.getOrDefault(setting, "not set");
      String is = now.getOrDefault(setting, "not set");
      if (!was.equals(is)) {
        throw new BadInputException(
            "%s is %s, but the run was started with %s, and --resume changes no setting; leave it out or start a new run."
                .formatted(name, is, was));
      }
    }
  }

  private static Path defaultFolder() {
    return Path.of(
        "runs",
        LocalDateTime.now(ZoneId.systemDefault())
            .format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT)));
  }

  private static void requireAtLeastOne(String name, int value) {
    if (value < 1) {
      throw new BadInputException("%s is %d; give at least 1.".formatted(name, value));
    }
  }
}
