package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.train.message.BadInputException;
import dev.quern.train.option.MovedPlaces;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

  @Mixin private MovedPlaces places;
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
      DataConfig now = places.of(config.data());
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
}
