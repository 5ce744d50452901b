package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.train.BadInputException;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.ImageFiles;
import dev.quern.train.data.UnlabelledFolder;
import dev.quern.train.pixel.TrainedPixelModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Writes the predicted mask of every image of a folder. */
@Command(
    name = "predict",
    description = "Write a mask for every image, as PNG of 0 and 255.",
    mixinStandardHelpOptions = true)
public final class PredictCommand implements Callable<Integer> {

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
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Folder for the masks, which get the names of the images.")
  private Path out;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public PredictCommand() {}

  @Override
  public Integer call() throws IOException {
    Dataset data = UnlabelledFolder.open(images);
    if (Files.exists(out) && Files.isSameFile(images, out)) {
      throw new BadInputException(
          "--out %s is the folder of the images, which would be overwritten; give another one."
              .formatted(out));
    }
    try (Engine engine = options.open(options.backend);
        TrainedPixelModel model =
            TrainedPixelModel.load(checkpoint, engine, options.featureThreads())) {
      model.predict(
          data, (sample, mask) -> ImageFiles.writeMask(out.resolve(sample.name() + ".png"), mask));
    }
    PrintWriter console = spec.commandLine().getOut();
    console.printf("%d masks are in %s%n", data.size(), out);
    console.flush();
    return 0;
  }
}
