package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.train.BadInputException;
import dev.quern.train.run.DataConfig;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.SameData;
import dev.quern.train.run.TrainingData;
import dev.quern.train.trainer.TrainingRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes the report of a run again. */
@Command(
    name = "report",
    description = "Make the report of a run again, with examples by its best checkpoint.",
    mixinStandardHelpOptions = true,
    sortOptions = false)
public final class ReportCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "RUN", description = "Folder of the run.")
  private Path run;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Where the training images are now, if they were moved.")
  private @Nullable Path images;

  @Option(names = "--masks", paramLabel = "DIR", description = "Where their masks are now.")
  private @Nullable Path masks;

  @Option(names = "--pairs", paramLabel = "FILE", description = "Where the list of both is now.")
  private @Nullable Path pairs;

  @Option(
      names = "--val-images",
      paramLabel = "DIR",
      description = "Where the validation images are now.")
  private @Nullable Path valImages;

  @Option(names = "--val-masks", paramLabel = "DIR", description = "Where their masks are now.")
  private @Nullable Path valMasks;

  @Option(
      names = "--test-images",
      paramLabel = "DIR",
      description = "Where the test images are now.")
  private @Nullable Path testImages;

  @Option(names = "--test-masks", paramLabel = "DIR", description = "Where their masks are now.")
  private @Nullable Path testMasks;

  @Mixin private EngineOptions options;

  /** For picocli. */
  @SuppressWarnings("NullAway.Init")
  public ReportCommand() {}

  @Override
  public Integer call() {
    try (RunFolder folder = RunFolder.existing(run)) {
      RunConfig config = folder.readConfig();
      if (!folder.hasCheckpoint()) {
        throw new BadInputException(
            "The run in %s has done no epoch, so there is nothing to report; go on with quern train --resume %s."
                .formatted(run, run));
      }
      List<EpochMetrics> epochs = folder.readMetrics();
      DataConfig places = config.data();
      DataConfig now =
          places.at(
              moved(images, masks, pairs, places.train()),
              moved(valImages, valMasks, null, places.validation()),
              moved(testImages, testMasks, null, places.test()));
      String backend = options.backend == null ? config.backend() : options.backend;
      try (Engine engine = options.open(backend)) {
        TrainingData data;
        try (ReadingProgress progress = new ReadingProgress(spec.commandLine().getOut())) {
          data = TrainingData.open(now, config.seed(), options.featureThreads(), progress);
        }
        SameData.require(now, data.identity(), run);
        try (TrainingRun trained =
            new TrainingRun(engine, config, folder, data, options.featureThreads())) {
          trained.writeReport(epochs, trained.test());
        }
      }
      PrintWriter out = spec.commandLine().getOut();
      out.println("The report is " + folder.report());
      out.flush();
    }
    return 0;
  }

  private static DataConfig.Place moved(
      @Nullable Path imageFolder,
      @Nullable Path maskFolder,
      @Nullable Path list,
      DataConfig.Place before) {
    DataConfig.Place place = DataOptions.moved(imageFolder, maskFolder, list);
    return place.isGiven() ? place : before;
  }
}
