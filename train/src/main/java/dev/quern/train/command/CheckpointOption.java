package dev.quern.train.command;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.train.trainer.TrainedModel;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The model that scores or predicts. */
final class CheckpointOption {

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "FILE",
      description = "A checkpoint that quern train wrote.")
  private Path checkpoint;

  @SuppressWarnings("NullAway.Init")
  CheckpointOption() {}

  TrainedModel load(Engine engine, BinaryConfusionOptions metric, EngineOptions options) {
    return TrainedModel.load(checkpoint, engine, metric, options.featureThreads());
  }
}
