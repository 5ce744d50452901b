package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** A pixel model from a checkpoint, for evaluation and prediction. */
public final class TrainedPixelModel implements AutoCloseable {

  private final PixelModel model;
  private final FeatureLoader loader;
  private final PixelScorer scorer;

  private TrainedPixelModel(PixelModel model, FeatureLoader loader, PixelScorer scorer) {
    this.model = model;
    this.loader = loader;
    this.scorer = scorer;
  }

  /**
   * Loads a checkpoint.
   *
   * @param checkpoint a file that training wrote
   * @param engine where the arithmetic is done; stays the caller's
   * @param options threshold, and the ignore index of masks with void pixels
   * @param threads that compute features
   * @return the model
   * @throws dev.quern.train.BadInputException when the file is damaged or of another model
   */
  public static TrainedPixelModel load(
      Path checkpoint, Engine engine, BinaryConfusionOptions options, int threads) {
    PixelModel model = PixelCheckpoint.read(checkpoint).model(engine);
    FeatureLoader loader = new FeatureLoader(threads);
    return new TrainedPixelModel(model, loader, new PixelScorer(engine, model, loader, options));
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
   * The smallest logit that counts as the object.
   *
   * @return of the threshold
   */
  public float cut() {
    return scorer.cut();
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
    loader.close();
    model.close();
  }
}
