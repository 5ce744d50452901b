package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.FolderDataset;
import dev.quern.train.pixel.TrainedPixelModel;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Scores a checkpoint on a folder of images with masks. */
@Command(
    name = "evaluate",
    description = "Score a checkpoint on images with masks.",
    mixinStandardHelpOptions = true)
public final class EvaluateCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private EngineOptions options;

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "A checkpoint that quern train wrote.")
  private Path checkpoint;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "Folder of PNG or JPEG images.")
  private Path images;

  @Option(
      names = "--masks",
      required = true,
      paramLabel = "DIR",
      description = "Folder of masks of the same names.")
  private Path masks;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public EvaluateCommand() {}

  @Override
  public Integer call() {
    Dataset data = FolderDataset.open(images, masks);
    try (Engine engine = options.open(options.backend);
        TrainedPixelModel model =
            TrainedPixelModel.load(checkpoint, engine, options.featureThreads())) {
      ConfusionCounts counts = model.evaluate(data);
      PrintWriter out = spec.commandLine().getOut();
      out.printf("images     %d%n", data.size());
      line(out, "IoU", counts.jaccard(0));
      line(out, "Dice", counts.dice(0));
      line(out, "precision", counts.precision(0));
      line(out, "recall", counts.recall(0));
      out.flush();
    }
    return 0;
  }

  private static void line(PrintWriter out, String name, double value) {
    out.printf(Locale.ROOT, "%-10s %.6f%n", name, value);
  }
}
