package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.FirstLook;
import dev.quern.train.data.Look;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.message.BadInputException;
import dev.quern.train.option.DataOptions;
import dev.quern.train.run.DataConfig;
import dev.quern.train.run.LabelledData;
import dev.quern.train.trainer.TrainedModel;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Scores a checkpoint on images with masks. */
@Command(
    name = "evaluate",
    description = "Score a checkpoint on images with masks.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class EvaluateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Mixin private CheckpointOption checkpoint;

  @Mixin private DataOptions data;
  @Mixin private ThresholdOption threshold;
  @Mixin private EngineOptions options;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public EvaluateCommand() {}

  @Override
  public Integer call() {
    DataConfig.Place place = data.checkedPlace();
    if (!place.isGiven()) {
      throw new BadInputException("evaluate needs --images DIR and --masks DIR, or --pairs FILE.");
    }
    BinaryConfusionOptions metric =
        new BinaryConfusionOptions()
            .withThreshold(threshold.value())
            .withIgnoreIndex(data.ignores() ? Byte.toUnsignedInt(Mask.VOID) : null);
    PrintWriter out = spec.commandLine().getOut();
    try (Engine engine = options.open(options.backend);
        TrainedModel model = checkpoint.load(engine, metric, options)) {
      LabelledData labelled =
          new LabelledData(data.reading(null), data.skipBad(), options.featureThreads());
      LabelledData.Part part;
      try (ReadingProgress progress = new ReadingProgress(out)) {
        part = labelled.read(place, Runtime.getRuntime().maxMemory() / 4, progress);
      }
      labelled.judge();
      labelled.notes().forEach(out::println);
      ConfusionCounts counts = counts(model, part.data(), part.look(), out);
      out.println("images     " + part.data().size());
      line(out, "IoU", counts.jaccard(0));
      line(out, "Dice", counts.dice(0));
      line(out, "precision", counts.precision(0));
      line(out, "recall", counts.recall(0));
      out.flush();
    }
    return 0;
  }

  private static ConfusionCounts counts(
      TrainedModel model, Dataset images, FirstLook look, PrintWriter out) {
    long pixels = look.looks().values().stream().mapToLong(EvaluateCommand::pixels).sum();
    try (ImageProgress progress = ImageProgress.ofPixels(out, "evaluating", pixels)) {
      return model.evaluate(images, sample -> progress.step(sample.image().pixels()));
    }
  }

  private static long pixels(Look look) {
    return (long) look.width() * look.height();
  }

  private static void line(PrintWriter out, String name, double value) {
    out.printf(Locale.ROOT, "%-10s %.6f%n", name, value);
  }
}
