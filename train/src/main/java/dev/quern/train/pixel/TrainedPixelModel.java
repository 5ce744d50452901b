package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Mask;
import dev.quern.train.data.Sample;
import java.nio.file.Path;
import java.util.function.BiConsumer;

/** A pixel model from a checkpoint, for evaluation and prediction. */
public final class TrainedPixelModel implements AutoCloseable {

  private final PixelModel model;
  private final FeatureLoader loader;
  private final PixelScorer scorer;

  private TrainedPixelModel(Engine engine, PixelModel model, FeatureLoader loader) {
    this.model = model;
    this.loader = loader;
    this.scorer = new PixelScorer(engine, model, loader);
  }

  /**
   * Loads a checkpoint.
   *
   * @param checkpoint a file that training wrote
   * @param engine where the arithmetic is done; stays the caller's
   * @param threads that compute features
   * @return the model
   * @throws dev.quern.train.BadInputException when the file is damaged or of another model
   */
  public static TrainedPixelModel load(Path checkpoint, Engine engine, int threads) {
    PixelModel model = PixelCheckpoint.read(checkpoint).model(engine);
    return new TrainedPixelModel(engine, model, new FeatureLoader(threads));
  }

  /**
   * Compares predictions with the truth.
   *
   * @param data images and masks
   * @return counts over all pixels, at probability 0.5
   */
  public ConfusionCounts evaluate(Dataset data) {
    return scorer.count(data);
  }

  /**
   * Predicts masks.
   *
   * @param data images; their masks are not looked at
   * @param consumer gets every image with its predicted mask, in order
   */
  public void predict(Dataset data, BiConsumer<Sample, Mask> consumer) {
    scorer.predict(data, consumer);
  }

  @Override
  public void close() {
    loader.close();
    model.close();
  }
}
