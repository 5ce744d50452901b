package dev.quern.train.trainer;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.batch.Band;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.batch.UnusableSampleException;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.model.SegmentationModel;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A model from a checkpoint, for evaluation and prediction. */
public final class TrainedModel implements AutoCloseable {

  private final SegmentationModel model;
  private final Prefetch prefetch;
  private final Scorer scorer;

  private TrainedModel(SegmentationModel model, Prefetch prefetch, Scorer scorer) {
    this.model = model;
    this.prefetch = prefetch;
    this.scorer = scorer;
  }

  /**
   * Loads a checkpoint.
   *
   * @param checkpoint a file that training wrote
   * @param engine where the arithmetic is done; stays the caller's
   * @param options threshold, and the ignore index of masks with void pixels
   * @param threads that read ahead
   * @return the model
   * @throws dev.quern.train.message.BadInputException when the file is damaged or of an unknown
   *     model
   */
  public static TrainedModel load(
      Path checkpoint, Engine engine, BinaryConfusionOptions options, int threads) {
    SegmentationModel model = ModelKinds.load(engine, Checkpoint.read(checkpoint));
    Prefetch prefetch = new Prefetch(threads);
    return new TrainedModel(model, prefetch, new Scorer(engine, model, prefetch, options));
  }

  /**
   * Compares predictions with the truth.
   *
   * @param data images and masks
   * @param done is told of every image that was compared
   * @return counts over all pixels that are not void
   */
  public ConfusionCounts evaluate(Dataset data, Consumer<Sample> done) {
    return scorer.count(data, done);
  }

  /**
   * Predicts images.
   *
   * @param data images; their masks are not looked at
   * @param consumer gets every image in order, with its bands from top to bottom, which are
   *     computed when asked for; it takes them all
   * @param unusable is told of images that cannot be used
   */
  public void predict(
      Dataset data,
      BiConsumer<Sample, Iterator<Band>> consumer,
      Consumer<UnusableSampleException> unusable) {
    scorer.predict(data, consumer, unusable);
  }

  @Override
  public void close() {
    prefetch.close();
    model.close();
  }
}
