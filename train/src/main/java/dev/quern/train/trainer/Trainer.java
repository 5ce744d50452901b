package dev.quern.train.trainer;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.PendingValue;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.optim.Optimizer;
import dev.quern.train.batch.Batch;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.checkpoint.Safetensors;
import dev.quern.train.data.Split;
import dev.quern.train.loss.LossExpression;
import dev.quern.train.model.SegmentationModel;
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
 * Trains a model. Every epoch takes a step per batch and scores the whole validation set, with the
 * moving average of the weights if one is kept. What the batches are depends on seed and epoch
 * alone, so a run is the same to the bit for any number of threads, and resuming gives what going
 * on would have given.
 */
final class Trainer implements AutoCloseable {

  private final Engine engine;
  private final RunConfig config;
  private final Split data;
  private final Prefetch prefetch;
  private final SegmentationModel model;
  private final @Nullable SegmentationModel average;
  private final BatchSource batches;
  private final SegmentationLoss loss;
  private final BinaryConfusionOptions metric;
  private final Optimizer<?> optimizer;
  private final List<EpochMetrics> history = new ArrayList<>();
  private LearningRateSchedule schedule;
  private double bestIou = -1;
  private int done;

  /** A training from the start. */
  Trainer(Engine engine, RunConfig config, Split data, Prefetch prefetch, SegmentationModel model) {
    this.engine = engine;
    this.config = config;
    this.data = data;
    this.prefetch = prefetch;
    this.model = model;
    this.batches = model.batches(data.train(), config, prefetch);
    this.metric = config.metric();
    this.loss = LossExpression.parse(config.loss(), metric.ignoreIndex());
    this.optimizer = config.optimizer().build(model.parameters());
    this.average = optimizer.hasEma() ? model.sibling() : null;
    this.schedule = LearningRateSchedule.start(config.scheduler(), config.optimizer().lr());
  }

  /** Goes on where a checkpoint, of which the model was made, left off. */
  void resume(Checkpoint checkpoint, List<EpochMetrics> before) {
    Checkpoint.Progress progress = checkpoint.progress();
    LearningRateSchedule saved =
        checkpoint.understand(
            config.model(),
            () ->
                LearningRateSchedule.resume(
                    config.scheduler(), config.optimizer().lr(), progress.schedule()));
    checkpoint.restore(optimizer);
    schedule = saved;
    bestIou = progress.bestIou();
    done = progress.epoch();
    history.addAll(before.subList(0, done));
  }

  /**
   * Trains up to the last epoch; after each, the folder holds its checkpoint and metrics. Stops
   * before an epoch that would not end in time, and drops one that did not.
   *
   * @throws DivergedException when the loss is no longer finite
   */
  List<EpochMetrics> run(RunFolder folder, Deadline deadline, TrainingListener listener) {
    listener.start(done, config.epochs(), batches.batches());
    Scorer scorer = new Scorer(engine, average == null ? model : average, prefetch, metric);
    double slowest = 0;
    while (done < config.epochs() && deadline.leaves(slowest)) {
      int epoch = done + 1;
      long start = System.nanoTime();
      double lr = schedule.rate();
      optimizer.setLearningRate(0, lr);
      Trained trained = trainEpoch(epoch, folder, deadline, listener);
      if (trained == null) {
        break;
      }
      if (average != null) {
        follow(average);
      }
      Scorer.Score score = scorer.score(data.validation(), loss);
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
      done = epoch;
      slowest = Math.max(slowest, metrics.seconds());
      listener.epoch(metrics);
    }
    return List.copyOf(history);
  }

  /** Brings a second model to the moving averages, and to the buffers of the trained one. */
  private void follow(SegmentationModel second) {
    ParameterStore store = second.parameters();
    for (String name : store.names()) {
      store.parameter(name).copyFrom(optimizer.ema(name));
    }
    for (String name : store.bufferNames()) {
      store.buffer(name).copyFrom(model.parameters().buffer(name));
    }
  }

  private void save(RunFolder folder, EpochMetrics metrics) {
    boolean best = metrics.valIou() > bestIou;
    bestIou = Math.max(bestIou, metrics.valIou());
    Checkpoint.Progress progress =
        new Checkpoint.Progress(metrics.epoch(), bestIou, schedule.toJson().toString());
    Safetensors checkpoint =
        Checkpoint.of(model.metadata(), model.parameters(), optimizer, progress);
    if (best) {
      checkpoint.write(folder.bestCheckpoint());
    }
    // Metrics first: a run that is cut off between the two has a line too many, never one missing.
    folder.writeMetrics(history);
    checkpoint.write(folder.lastCheckpoint());
  }

  private record Trained(double loss, double iou) {}

  /** Trains one epoch; null when the deadline passed meanwhile. */
  private @Nullable Trained trainEpoch(
      int epoch, RunFolder folder, Deadline deadline, TrainingListener listener) {
    Iterator<Batch> next = batches.epoch(epoch, 0);
    double sum = 0;
    try (BinaryJaccardIndex counts = new BinaryJaccardIndex(engine, metric)) {
      // The loss is read a step late, so that the device never waits for the host.
      PendingValue before = null;
      for (int step = 1; step <= batches.batches(); step++) {
        if (!deadline.leaves(0)) {
          return null;
        }
        PendingValue value = step(next.next(), counts);
        double valueBefore = finite(before, epoch, step - 1, folder);
        sum += before == null ? 0 : valueBefore;
        listener.step(epoch, valueBefore);
        before = value;
      }
      sum += finite(before, epoch, batches.batches(), folder);
      return new Trained(sum / batches.batches(), counts.compute());
    }
  }

  private PendingValue step(Batch batch, BinaryJaccardIndex counts) {
    try (Scope _ = engine.openScope()) {
      Tensor logits = model.forward(batch.input(engine));
      LossResult result = loss.forwardBackward(logits, batch.target(engine), engine.one(), counts);
      model.backward(result.gradient());
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
    if (average != null) {
      average.close();
    }
  }
}
