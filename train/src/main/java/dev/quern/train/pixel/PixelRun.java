package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.BadInputException;
import dev.quern.train.data.Mask;
import dev.quern.train.data.Sample;
import dev.quern.train.data.Split;
import dev.quern.train.data.SubsetDataset;
import dev.quern.train.features.Standardization;
import dev.quern.train.report.Example;
import dev.quern.train.report.RunReport;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.SchedulerConfig;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * A training run of the pixel model with its folder, from the first look at the images to the
 * report. Nothing is written before every image was read once.
 */
public final class PixelRun implements AutoCloseable {

  private static final int EXAMPLES = 8;

  private final Engine engine;
  private final RunConfig config;
  private final RunFolder folder;
  private final Split data;
  private final FeatureLoader loader;
  private final DataScan scan;

  /**
   * Looks at the images.
   *
   * @param engine where the arithmetic is done; stays the caller's
   * @param config of the run
   * @param folder where its files go
   * @param data training and validation images
   * @param threads that compute features
   * @throws BadInputException when an image or mask cannot be used
   */
  public PixelRun(Engine engine, RunConfig config, RunFolder folder, Split data, int threads) {
    this.engine = engine;
    this.config = config;
    this.folder = folder;
    this.data = data;
    this.loader = new FeatureLoader(threads);
    try {
      this.scan = DataScan.of(data, loader);
    } catch (RuntimeException e) {
      loader.close();
      throw e;
    }
  }

  /**
   * The baseline.
   *
   * @return counts of Otsu's threshold over the validation images
   */
  public ConfusionCounts otsu() {
    return scan.otsu();
  }

  /**
   * Trains from the start.
   *
   * @param listener is told how it goes
   * @return metrics of every epoch
   * @throws DivergedException when the loss is no longer finite
   */
  public List<EpochMetrics> train(TrainingListener listener) {
    Standardization standardization =
        DataScan.standardization(
            data.train(), loader, scan.channels(), config.pixelsPerImage(), config.seed());
    try (PixelModel model = PixelModel.untrained(engine, scan.channels(), standardization);
        PixelTrainer trainer = new PixelTrainer(engine, config, data, loader, model)) {
      folder.writeConfig(config);
      return trainer.run(0, folder, listener);
    }
  }

  /**
   * Goes on after the last checkpoint of the folder.
   *
   * @param listener is told how it goes
   * @return metrics of every epoch, those before included
   * @throws BadInputException when the checkpoint cannot be used or nothing is left to do
   * @throws DivergedException when the loss is no longer finite
   */
  public List<EpochMetrics> resume(TrainingListener listener) {
    PixelCheckpoint checkpoint = PixelCheckpoint.read(folder.lastCheckpoint());
    if (checkpoint.epoch() >= config.epochs()) {
      throw new BadInputException(
          "%s has done its %d epochs; give a larger --epochs to go on."
              .formatted(folder.path(), checkpoint.epoch()));
    }
    List<EpochMetrics> before = folder.readMetrics();
    try (PixelModel model = checkpoint.model(engine);
        PixelTrainer trainer = new PixelTrainer(engine, config, data, loader, model)) {
      trainer.resume(checkpoint, before);
      folder.writeConfig(config);
      return trainer.run(checkpoint.epoch(), folder, listener);
    }
  }

  /**
   * Writes the report, with examples predicted by the best checkpoint.
   *
   * @param epochs metrics of every epoch
   */
  public void writeReport(List<EpochMetrics> epochs) {
    String summary =
        String.format(
            Locale.ROOT,
            "Pixel model on %d training and %d validation images (%s), computed on %s, %s.",
            data.train().size(),
            data.validation().size(),
            config.data().images() == null ? "synthetic micrographs" : config.data().images(),
            engine.device().id(),
            engine.device().name());
    List<Example> examples;
    try (PixelModel model = PixelCheckpoint.read(folder.bestCheckpoint()).model(engine)) {
      examples = examples(new PixelScorer(engine, model, loader));
    }
    new RunReport(
            "Training run " + folder.path().toAbsolutePath().normalize().getFileName(),
            summary,
            epochs,
            otsu().jaccard(0),
            examples,
            config.describe(),
            config.scheduler().kind() == SchedulerConfig.Kind.PLATEAU)
        .write(folder.report());
  }

  /** Images at equal steps of the ranking, the worst and the best among them. */
  private List<Example> examples(PixelScorer scorer) {
    List<Double> ious = new ArrayList<>();
    scorer.predict(data.validation(), (sample, mask) -> ious.add(iou(sample, mask)));
    int[] ranking =
        IntStream.range(0, ious.size())
            .boxed()
            .sorted(Comparator.comparingDouble(ious::get))
            .mapToInt(Integer::intValue)
            .toArray();
    int shown = Math.min(EXAMPLES, ranking.length);
    int[] chosen =
        IntStream.range(0, shown)
            .map(i -> ranking[shown == 1 ? 0 : i * (ranking.length - 1) / (shown - 1)])
            .toArray();
    List<Example> examples = new ArrayList<>();
    scorer.predict(
        new SubsetDataset(data.validation(), chosen),
        (sample, mask) -> examples.add(new Example(sample, mask)));
    return examples;
  }

  private static double iou(Sample sample, Mask prediction) {
    return prediction.against(sample.mask()).jaccard(0);
  }

  @Override
  public void close() {
    loader.close();
  }
}
