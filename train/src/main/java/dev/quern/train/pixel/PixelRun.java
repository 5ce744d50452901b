package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.BadInputException;
import dev.quern.train.data.Count;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Look;
import dev.quern.train.data.Sample;
import dev.quern.train.data.SubsetDataset;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.features.ChannelRange;
import dev.quern.train.features.FeatureExtractor;
import dev.quern.train.features.Standardization;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.report.Example;
import dev.quern.train.report.RunReport;
import dev.quern.train.run.DataConfig;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import dev.quern.train.run.SchedulerConfig;
import dev.quern.train.run.TrainingData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A training run of the pixel model with its folder, from the first epoch to the report. */
public final class PixelRun implements AutoCloseable {

  private static final int EXAMPLES = 8;

  private final Engine engine;
  private final RunConfig config;
  private final RunFolder folder;
  private final TrainingData data;
  private final FeatureLoader loader;

  /**
   * Prepares a run.
   *
   * @param engine where the arithmetic is done; stays the caller's
   * @param config of the run
   * @param folder where its files go; stays the caller's
   * @param data that was looked at
   * @param threads that compute features
   */
  public PixelRun(
      Engine engine, RunConfig config, RunFolder folder, TrainingData data, int threads) {
    this.engine = engine;
    this.config = config;
    this.folder = folder;
    this.data = data;
    this.loader = new FeatureLoader(threads);
  }

  /**
   * What the run is to do.
   *
   * @return epochs in all
   */
  public int epochs() {
    return config.epochs();
  }

  /**
   * Trains from the start.
   *
   * @param deadline when to stop
   * @param listener is told how it goes
   * @return metrics of every epoch
   * @throws DivergedException when the loss is no longer finite
   */
  public List<EpochMetrics> train(Deadline deadline, TrainingListener listener) {
    List<ChannelRange> ranges = ranges();
    Standardization standardization =
        loader.standardization(
            data.split().train(),
            new FeatureExtractor(ranges),
            config.pixelsPerImage(),
            config.seed());
    try (PixelModel model = PixelModel.untrained(engine, ranges, standardization);
        PixelTrainer trainer = new PixelTrainer(engine, config, data.split(), loader, model)) {
      return trainer.run(0, folder, deadline, listener);
    }
  }

  /**
   * The channels of the model, as many as the training image with most has. Files of more than 8
   * bits are stretched to the range of all training images.
   */
  private List<ChannelRange> ranges() {
    int channels = 1;
    boolean deep = false;
    for (Look look : data.look().looks().values()) {
      channels = Math.max(channels, look.channels());
      deep |= look.bits() > 8;
    }
    if (!deep) {
      return Collections.nCopies(channels, ChannelRange.UNIT);
    }
    float[] low = new float[channels];
    float[] high = new float[channels];
    Arrays.fill(low, Float.POSITIVE_INFINITY);
    Arrays.fill(high, Float.NEGATIVE_INFINITY);
    for (Look look : data.look().looks().values()) {
      for (int c = 0; c < channels; c++) {
        low[c] = Math.min(low[c], look.low()[Math.min(c, look.channels() - 1)]);
        high[c] = Math.max(high[c], look.high()[Math.min(c, look.channels() - 1)]);
      }
    }
    List<ChannelRange> ranges = new ArrayList<>();
    for (int c = 0; c < channels; c++) {
      ranges.add(new ChannelRange(low[c], high[c]));
    }
    return ranges;
  }

  /**
   * Goes on after the last checkpoint of the folder.
   *
   * @param deadline when to stop
   * @param listener is told how it goes
   * @return metrics of every epoch, those before included
   * @throws BadInputException when the checkpoint cannot be used or nothing is left to do
   * @throws DivergedException when the loss is no longer finite
   */
  public List<EpochMetrics> resume(Deadline deadline, TrainingListener listener) {
    PixelCheckpoint checkpoint = PixelCheckpoint.read(folder.lastCheckpoint());
    if (checkpoint.epoch() >= config.epochs()) {
      throw new BadInputException(
          "%s has done its %s; give a larger --epochs to go on, or make its report again with quern report %s."
              .formatted(folder.path(), Count.of(checkpoint.epoch(), "epoch"), folder.path()));
    }
    List<EpochMetrics> before = folder.readMetrics();
    try (PixelModel model = checkpoint.model(engine);
        PixelTrainer trainer = new PixelTrainer(engine, config, data.split(), loader, model)) {
      trainer.resume(checkpoint, before);
      folder.writeConfig(config);
      return trainer.run(checkpoint.epoch(), folder, deadline, listener);
    }
  }

  /**
   * Scores the test images by the best checkpoint and writes {@code test.json}.
   *
   * @return the counts; null when there are no test images
   */
  public @Nullable ConfusionCounts test() {
    Dataset test = data.split().test();
    if (test == null) {
      return null;
    }
    try (PixelModel model = PixelCheckpoint.read(folder.bestCheckpoint()).model(engine)) {
      ConfusionCounts counts = scorer(model).count(test, _ -> {});
      ObjectNode scores = JsonMapper.shared().createObjectNode();
      scores.put("images", test.size());
      scores.put("iou", counts.jaccard(0));
      scores.put("dice", counts.dice(0));
      scores.put("precision", counts.precision(0));
      scores.put("recall", counts.recall(0));
      AtomicFile.writeText(folder.testScores(), scores.toPrettyString() + "\n");
      return counts;
    }
  }

  /**
   * Writes the report, with examples predicted by the best checkpoint.
   *
   * @param epochs metrics of every epoch
   * @param test counts over the test images; null when there are none
   */
  public void writeReport(List<EpochMetrics> epochs, @Nullable ConfusionCounts test) {
    StringBuilder summary =
        new StringBuilder(
            "Pixel model on %s and %s (%s), computed on %s, %s."
                .formatted(
                    Count.of(data.split().train().size(), "training image"),
                    Count.of(data.split().validation().size(), "validation image"),
                    place(),
                    engine.device().id(),
                    engine.device().name()));
    if (test != null) {
      summary.append(
          String.format(
              Locale.ROOT,
              " On %s the best checkpoint has IoU %.4f, Dice %.4f.",
              Count.of(Objects.requireNonNull(data.split().test()).size(), "test image"),
              test.jaccard(0),
              test.dice(0)));
    }
    List<String> notes = new ArrayList<>(data.look().lines());
    notes.addAll(data.notes());
    List<Example> examples;
    try (PixelModel model = PixelCheckpoint.read(folder.bestCheckpoint()).model(engine)) {
      examples = examples(scorer(model));
    }
    new RunReport(
            "Training run " + folder.path().toAbsolutePath().normalize().getFileName(),
            summary.toString(),
            notes,
            epochs,
            data.validationLook().otsu().jaccard(0),
            examples,
            config.describe(),
            config.scheduler().kind() == SchedulerConfig.Kind.PLATEAU)
        .write(folder.report());
  }

  private String place() {
    DataConfig.Place train = config.data().train();
    if (!train.isGiven()) {
      return "synthetic micrographs";
    }
    return String.valueOf(train.images() == null ? train.pairs() : train.images());
  }

  private PixelScorer scorer(PixelModel model) {
    return new PixelScorer(engine, model, loader, PixelTrainer.metric(config, 0.5));
  }

  /** Images at equal steps of the ranking, the worst and the best among them. */
  private List<Example> examples(PixelScorer scorer) {
    List<Double> ious = new ArrayList<>();
    scorer.predict(
        data.split().validation(),
        (sample, bands) -> ious.add(iou(sample, scorer.mask(sample, bands))),
        e -> {
          throw e.reason();
        });
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
        new SubsetDataset(data.split().validation(), chosen),
        (sample, bands) -> examples.add(Example.of(sample, scorer.mask(sample, bands))),
        e -> {
          throw e.reason();
        });
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
