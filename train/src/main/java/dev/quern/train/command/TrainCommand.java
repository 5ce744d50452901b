package dev.quern.train.command;

import static java.util.Map.entry;

import dev.quern.Engine;
import dev.quern.train.BadInputException;
import dev.quern.train.data.Split;
import dev.quern.train.pixel.PixelRun;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.OptimizerConfig;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunConfig.DataConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.TrainingData;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
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
      Set.of("--resume", "--epochs", "--backend", "--threads", "--debug");

  /** What {@code config.json} calls the options that decide the result. */
  private static final Map<String, String> SETTINGS =
      Map.ofEntries(
          entry("--images", "data.images"),
          entry("--masks", "data.masks"),
          entry("--val-images", "data.valImages"),
          entry("--val-masks", "data.valMasks"),
          entry("--val-fraction", "data.valFraction"),
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

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Folder of PNG or JPEG images; grey or RGB, 8 or 16 bit.")
  private @Nullable Path images;

  @Option(
      names = "--masks",
      paramLabel = "DIR",
      description = "Folder of masks with the images' names; what is not black is the object.")
  private @Nullable Path masks;

  @Option(names = "--val-images", paramLabel = "DIR", description = "Folder of validation images.")
  private @Nullable Path valImages;

  @Option(names = "--val-masks", paramLabel = "DIR", description = "Folder of their masks.")
  private @Nullable Path valMasks;

  @Option(
      names = "--val-fraction",
      paramLabel = "F",
      defaultValue = "0.2",
      description = "Share held back for validation otherwise (default: ${DEFAULT-VALUE}).")
  private double valFraction;

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
      description =
          "Go on with the run in this folder; --epochs, --backend and --threads may differ.")
  private @Nullable Path resume;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public TrainCommand() {}

  @Override
  public Integer call() {
    RunFolder folder;
    RunConfig config;
    if (resume != null) {
      folder = RunFolder.existing(resume);
      config = resumedConfig(folder.readConfig());
    } else {
      folder = RunFolder.create(out != null ? out : defaultFolder());
      config = newConfig();
    }
    try (Engine engine = options.open(config.backend())) {
      Split data = TrainingData.open(config.data(), config.seed());
      try (PixelRun run = new PixelRun(engine, config, folder, data, options.featureThreads())) {
        train(run, data, engine, folder);
      }
    }
    return 0;
  }

  private void train(PixelRun run, Split data, Engine engine, RunFolder folder) {
    PrintWriter console = spec.commandLine().getOut();
    console.printf(
        "Training on %d images, validating on %d, on %s (%s).%n",
        data.train().size(),
        data.validation().size(),
        engine.device().id(),
        engine.device().name());
    double otsu = run.otsu().jaccard(0);
    console.printf(Locale.ROOT, "Baseline, Otsu's threshold per image: IoU %.4f%n", otsu);
    console.flush();
    List<EpochMetrics> epochsDone;
    try (ConsoleProgress progress = new ConsoleProgress(console, ConsoleProgress.terminal())) {
      epochsDone = resume != null ? run.resume(progress) : run.train(progress);
    }
    run.writeReport(epochsDone);
    EpochMetrics best =
        epochsDone.stream().max(Comparator.comparingDouble(EpochMetrics::valIou)).orElseThrow();
    console.printf(
        Locale.ROOT,
        "Best validation IoU %.4f in epoch %d, %s Otsu's threshold (%.4f) by %.4f%n",
        best.valIou(),
        best.epoch(),
        best.valIou() > otsu ? "above" : "below",
        otsu,
        Math.abs(best.valIou() - otsu));
    console.printf("Checkpoints, metrics and report are in %s%n", folder.path());
    console.flush();
  }

  private RunConfig newConfig() {
    if (!model.equals("pixel")) {
      throw new BadInputException(
          "--model %s is not known; this version has the model pixel.".formatted(model));
    }
    requireTogether("--images", images, "--masks", masks);
    requireTogether("--val-images", valImages, "--val-masks", valMasks);
    if (valImages != null && images == null) {
      throw new BadInputException("--val-images needs --images and --masks to train on.");
    }
    if (!(valFraction > 0 && valFraction < 1)) {
      throw new BadInputException(
          "--val-fraction is %s; give a number between 0 and 1, such as 0.2."
              .formatted(valFraction));
    }
    requireAtLeastOne("--epochs", epochs);
    requireAtLeastOne("--batch-size", batchSize);
    requireAtLeastOne("--pixels", pixels);
    requireAtLeastOne("--synthetic", synthetic);
    OptimizerConfig optimizer = optimization.optimizer();
    DataConfig data =
        new DataConfig(
            absolute(images),
            absolute(masks),
            absolute(valImages),
            absolute(valMasks),
            valFraction,
            synthetic);
    return new RunConfig(
        model,
        options.backend,
        data,
        epochs,
        batchSize,
        pixels,
        optimization.loss(),
        optimizer,
        schedule.scheduler(epochs, optimizer.lr()),
        seed);
  }

  private RunConfig resumedConfig(RunConfig saved) {
    RunConfig config = saved;
    if (spec.commandLine().getParseResult().hasMatchedOption("--epochs")) {
      requireAtLeastOne("--epochs", epochs);
      config = config.withEpochs(epochs);
    }
    refuseOtherSettings(saved);
    return options.backend == null ? config : config.withBackend(options.backend);
  }

  /** What decides the result stays as it was: options given again must say the same. */
  private void refuseOtherSettings(RunConfig saved) {
    List<String> given =
        spec.commandLine().getParseResult().matchedOptions().stream()
            .map(OptionSpec::longestName)
            .filter(name -> !WITH_RESUME.contains(name))
            .toList();
    if (given.isEmpty()) {
      return;
    }
    Map<String, String> before = saved.describe();
    Map<String, String> now = newConfig().describe();
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

  private static void requireTogether(
      String one, @Nullable Path first, String two, @Nullable Path second) {
    if ((first == null) != (second == null)) {
      throw new BadInputException(
          "%s needs %s as well.".formatted(first == null ? two : one, first == null ? one : two));
    }
  }

  private static void requireAtLeastOne(String name, int value) {
    if (value < 1) {
      throw new BadInputException("%s is %d; give at least 1.".formatted(name, value));
    }
  }

  private static @Nullable String absolute(@Nullable Path path) {
    return path == null ? null : path.toAbsolutePath().normalize().toString();
  }
}
