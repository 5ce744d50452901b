package dev.quern.train.trainer;

import dev.quern.Engine;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.data.SubsetDataset;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.message.BadInputException;
import dev.quern.train.message.Count;
import dev.quern.train.model.ModelKind;
import dev.quern.train.model.SegmentationModel;
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
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A training run with its folder, from the first epoch to the report. */
public final class TrainingRun implements AutoCloseable {

  private static final int EXAMPLES = 8;

  private final Engine engine;
  private final RunConfig config;
  private final RunFolder folder;
  private final TrainingData data;
  private final ModelKind kind;
  private final Prefetch prefetch;

  /**
   * Prepares a run.
   *
   * @param engine where the arithmetic is done; stays the caller's
   * @param config of the run
   * @param folder where its files go; stays the caller's
   * @param data that was looked at
   * @param threads that read ahead
   */
  public TrainingRun(
      Engine engine, RunConfig config, RunFolder folder, TrainingData data, int threads) {
    this.engine = engine;
    this.config = config;
    this.folder = folder;
    this.data = data;
    this.kind = ModelKinds.of(config.model());
    this.prefetch = new Prefetch(threads);
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
   * @param interrupted asked after every batch whether to stop there, with a checkpoint that goes
   *     on inside the epoch
   * @param listener is told how it goes
   * @return metrics of every epoch
   * @throws DivergedException when the loss is no longer finite
   */
  public List<EpochMetrics> train(
      Deadline deadline, BooleanSupplier interrupted, TrainingListener listener) {
    try (SegmentationModel model = kind.untrained(engine, config, data, prefetch);
        Trainer trainer = new Trainer(engine, config, data.split(), prefetch, model)) {
      return trainer.run(folder, deadline, interrupted, listener);
    }
  }

  /**
   * Goes on after the last checkpoint of the folder.
   *
   * @param deadline when to stop
   * @param interrupted asked after every batch whether to stop there, with a checkpoint that goes
   *     on inside the epoch
   * @param listener is told how it goes
   * @return metrics of every epoch, those before included
   * @throws BadInputException when the checkpoint cannot be used or nothing is left to do
   * @throws DivergedException when the loss is no longer finite
   */
  public List<EpochMetrics> resume(
      Deadline deadline, BooleanSupplier interrupted, TrainingListener listener) {
    Checkpoint checkpoint = Checkpoint.read(folder.lastCheckpoint());
    int done = checkpoint.progress().epoch();
    if (done >= config.epochs()) {
      throw new BadInputException(
          "%s has done its %s; give a larger --epochs to go on, or make its report again with quern report %s."
              .formatted(folder.path(), Count.of(done, "epoch"), folder.path()));
    }
    List<EpochMetrics> before = done == 0 ? List.of() : folder.readMetrics();
    long measured = before.stream().filter(metrics -> metrics.epoch() <= done).count();
    if (measured < done) {
      throw new BadInputException(
          "The metrics.csv of %s has %s of the %d that the run has done; put back the whole file, or start a new run."
              .formatted(folder.path(), Count.of(measured, "epoch"), done));
    }
    kind.requireSame(config, checkpoint);
    try (SegmentationModel model = kind.load(engine, checkpoint);
        Trainer trainer = new Trainer(engine, config, data.split(), prefetch, model)) {
      trainer.resume(checkpoint, before);
      folder.writeConfig(config);
      return trainer.run(folder, deadline, interrupted, listener);
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
    try (SegmentationModel model = best()) {
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
            "%s on %s and %s (%s), computed on %s, %s."
                .formatted(
                    kind.title(),
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
    try (SegmentationModel model = best()) {
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

  private SegmentationModel best() {
    return kind.load(engine, Checkpoint.read(folder.bestCheckpoint()));
  }

  private Scorer scorer(SegmentationModel model) {
    return new Scorer(engine, model, prefetch, config.metric());
  }

  /** Images at equal steps of the ranking, the worst and the best among them. */
  private List<Example> examples(Scorer scorer) {
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
    prefetch.close();
  }
}
