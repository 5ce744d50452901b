package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.PendingValue;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.loss.LossResult;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.optim.Optimizer;
import dev.quern.train.data.Shuffle;
import dev.quern.train.data.Split;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.loss.TrainingLoss;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.LearningRateSchedule;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Trains a pixel model. Every epoch visits all images in a new order, draws pixels from each, takes
 * a step per batch of images, and scores the whole validation set, with the moving average of the
 * weights if one is kept. Order and pixels depend on seed and epoch alone, so a run is the same to
 * the bit for any number of threads, and resuming gives what going on would have given.
 */
final class PixelTrainer implements AutoCloseable {

  private final Engine engine;
  private final RunConfig config;
  private final Split data;
  private final FeatureLoader loader;
  private final PixelModel model;
  private final PixelModel scored;
  private final TrainingLoss loss;
  private final BinaryConfusionOptions metric;
  private final Optimizer<?> optimizer;
  private final List<EpochMetrics> history = new ArrayList<>();
  private LearningRateSchedule schedule;
  private double bestIou = -1;

  /** A training from the start. */
  PixelTrainer(
      Engine engine, RunConfig config, Split data, FeatureLoader loader, PixelModel model) {
    this.engine = engine;
    this.config = config;
    this.data = data;
    this.loader = loader;
    this.model = model;
    this.metric = metric(config, 0.5);
    this.loss = TrainingLoss.parse(config.loss(), metric.ignoreIndex());
    this.optimizer = config.optimizer().build(model.parameters());
    this.scored = optimizer.hasEma() ? model.sibling(engine) : model;
    this.schedule = LearningRateSchedule.start(config.scheduler(), config.optimizer().lr());
  }

  /** How predictions are counted: where masks have void pixels these do not count. */
  static BinaryConfusionOptions metric(RunConfig config, double threshold) {
    boolean voids = config.data().reading().ignoreValue() != null;
    return new BinaryConfusionOptions()
        .withThreshold(threshold)
        .withIgnoreIndex(voids ? Byte.toUnsignedInt(Mask.VOID) : null);
  }

  /** Goes on where a checkpoint left off. */
  void resume(PixelCheckpoint checkpoint, List<EpochMetrics> before) {
    LearningRateSchedule saved = checkpoint.schedule(config);
    double savedIou = checkpoint.bestIou();
    int epoch = checkpoint.epoch();
    checkpoint.restore(model, optimizer);
    schedule = saved;
    bestIou = savedIou;
    history.addAll(before.subList(0, Math.min(before.size(), epoch)));
  }

  /**
   * Trains from the epoch after {@code done} to the last one; after each, the folder holds its
   * checkpoint and metrics. Stops before an epoch that would not end in time, and drops one that
   * did not.
   *
   * @throws DivergedException when the loss is no longer finite
   */
  List<EpochMetrics> run(int done, RunFolder folder, Deadline deadline, TrainingListener listener) {
    int batches = Math.ceilDiv(data.train().size(), config.batchSize());
    listener.start(done, config.epochs(), batches);
    PixelScorer scorer = new PixelScorer(engine, scored, loader, metric);
    double slowest = 0;
    for (int epoch = done + 1; epoch <= config.epochs() && deadline.leaves(slowest); epoch++) {
      long start = System.nanoTime();
      double lr = schedule.rate();
      optimizer.setLearningRate(0, lr);
      Trained trained = trainEpoch(epoch, batches, folder, deadline, listener);
      if (trained == null) {
        break;
      }
      if (optimizer.hasEma()) {
        scored.average(optimizer);
      }
      PixelScorer.Score score = scorer.score(data.validation(), loss);
      double valIou = score.counts().jaccard(0);
      EpochMetrics metrics =
          new EpochMetrics(
              epoch,
              lr,
              trained.loss(),
              trained.iou(),
              score.loss(),
              valIou,
              (System.nanoTime() - start) / 1e9);
      schedule = schedule.next(valIou);
      history.add(metrics);
      save(folder, metrics);
      slowest = Math.max(slowest, metrics.seconds());
      listener.epoch(metrics);
    }
    return List.copyOf(history);
  }

  private void save(RunFolder folder, EpochMetrics metrics) {
    boolean best = metrics.valIou() > bestIou;
    bestIou = Math.max(bestIou, metrics.valIou());
    if (best) {
      PixelCheckpoint.write(
          folder.bestCheckpoint(), model, optimizer, schedule, metrics.epoch(), bestIou);
    }
    // Metrics first: a run that is cut off between the two has a line too many, never one missing.
    folder.writeMetrics(history);
    PixelCheckpoint.write(
        folder.lastCheckpoint(), model, optimizer, schedule, metrics.epoch(), bestIou);
  }

  private record Trained(double loss, double iou) {}

  /** Trains one epoch; null when the deadline passed meanwhile. */
  private @Nullable Trained trainEpoch(
      int epoch, int batches, RunFolder folder, Deadline deadline, TrainingListener listener) {
    int[] order = Shuffle.order(data.train().size(), config.seed(), epoch);
    Iterator<Chunk> chunks =
        loader.drawn(
            data.train(), order, model.extractor(), config.pixelsPerImage(), config.seed(), epoch);
    double sum = 0;
    try (BinaryJaccardIndex counts = new BinaryJaccardIndex(engine, metric)) {
      // The loss is read a step late, so that the device never waits for the host.
      PendingValue before = null;
      for (int step = 1; step <= batches; step++) {
        if (!deadline.leaves(0)) {
          return null;
        }
        PendingValue value = step(nextBatch(chunks), counts);
        double valueBefore = finite(before, epoch, step - 1, folder);
        sum += before == null ? 0 : valueBefore;
        listener.step(epoch, valueBefore);
        before = value;
      }
      sum += finite(before, epoch, batches, folder);
      return new Trained(sum / batches, counts.compute());
    }
  }

  private List<Chunk> nextBatch(Iterator<Chunk> chunks) {
    List<Chunk> batch = new ArrayList<>();
    while (batch.size() < config.batchSize() && chunks.hasNext()) {
      batch.add(chunks.next());
    }
    return batch;
  }

  private PendingValue step(List<Chunk> batch, BinaryJaccardIndex counts) {
    int rows = batch.stream().mapToInt(Chunk::rows).sum();
    int size = model.extractor().size();
    float[] values = new float[Math.multiplyExact(rows, size)];
    byte[] labels = new byte[rows];
    int at = 0;
    for (Chunk chunk : batch) {
      System.arraycopy(chunk.features(), 0, values, at * size, chunk.features().length);
      System.arraycopy(chunk.target(), 0, labels, at, chunk.rows());
      at += chunk.rows();
    }
    try (Scope _ = engine.openScope()) {
      Tensor features = engine.tensor(values, rows, size);
      Tensor target = engine.tensor(labels, rows, 1);
      LossResult result = loss.forwardBackward(model.logits(features), target, counts);
      model.backward(features, result.gradient());
      optimizer.step();
      return result.value().itemLater();
    }
  }

  private static double finite(
      @Nullable PendingValue value, int epoch, int step, RunFolder folder) {
    if (value == null) {
      return Double.NaN;
    }
    double loss = value.await();
    if (!Double.isFinite(loss)) {
      throw new DivergedException(
          "The loss became %s in epoch %d, step %d, and training stopped: lower --lr; %s holds what"
                  .formatted(loss, epoch, step, folder.path())
              + " the epochs before gave.");
    }
    return loss;
  }

  @Override
  public void close() {
    optimizer.close();
    if (scored != model) {
      scored.close();
    }
  }
}
