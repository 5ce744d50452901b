package dev.quern.train.model;

import dev.quern.Engine;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.TrainingData;

/** A kind of model, as {@code --model} and checkpoints name it. */
public interface ModelKind {

  /**
   * The name.
   *
   * @return a word in small letters
   */
  String name();

  /**
   * The name in a sentence of a report.
   *
   * @return such as {@code Pixel model}
   */
  String title();

  /**
   * Makes a model that has learnt nothing.
   *
   * @param engine where it computes
   * @param config of the run
   * @param data that it will be trained on
   * @param prefetch reads ahead; stays the caller's
   * @return the model, owned by the caller
   */
  SegmentationModel untrained(
      Engine engine, RunConfig config, TrainingData data, Prefetch prefetch);

  /**
   * Makes the model of a checkpoint.
   *
   * @param engine where it computes
   * @param checkpoint of a model of this kind
   * @return the model, owned by the caller
   * @throws dev.quern.train.message.BadInputException when the checkpoint holds no model of this
   *     kind that can be used
   */
  SegmentationModel load(Engine engine, Checkpoint checkpoint);

  /**
   * Checks that a checkpoint's model is what a run trains.
   *
   * @param config of the run
   * @param checkpoint of a model of this kind
   * @throws dev.quern.train.message.BadInputException when the run trains another
   */
  default void requireSame(RunConfig config, Checkpoint checkpoint) {}
}
