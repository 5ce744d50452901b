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
import dev.quern.nn.safetensors.Safetensors;
import dev.quern.optim.Optimizer;
import dev.quern.train.batch.Batch;
import dev.quern.train.batch.BatchSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.checkpoint.Checkpoint;
import dev.quern.train.checkpoint.Checkpoint.Begun;
import dev.quern.train.data.Split;
import dev.quern.train.io.AtomicFile;
import dev.quern.train.loss.LossExpression;
import dev.quern.train.model.SegmentationModel;
import dev.quern.train.run.Deadline;
import dev.quern.train.run.EpochMetrics;
import dev.quern.train.run.LearningRateSchedule;
import dev.quern.train.run.RunConfig;
import dev.quern.train.run.RunFolder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.BooleanSupplier;
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
  private @Nullable Begun begun;
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
    Begun part = progress.begun();
    if (part != null && part.steps() > batches.batches()) {
      checkpoint.understand(
          config.model(),
          () -> {
            throw new IllegalStateException(
                "%d steps of an epoch of %d are done".formatted(part.steps(), batches.batches()));
          });
    }
    begun = part;
    schedule = saved;
    bestIou = progress.bestIou();
    done = progress.epoch();
    history.addAll(before.subList(0, done));
  }

  /**
   * Trains up to the last epoch; after each, the folder holds its checkpoint and metrics. Stops
   * before an epoch that would not end in time, and drops one that did not; where it is interrupted
   * it leaves a checkpoint that goes on there.
   *
   * @throws DivergedException when the loss is no longer finite
   */
  List<EpochMetrics> run(
      RunFolder folder, Deadline deadline, BooleanSupplier interrupted, TrainingListener listener) {
    listener.start(done, config.epochs(), batches.batches());
    Scorer scorer = new Scorer(engine, average == null ? model : average, prefetch, metric);
    double slowest = 0;
    while (done < config.epochs() && deadline.leaves(slowest)) {
      int epoch = done + 1;
      long start = System.nanoTime();
      double secondsBefore = begun == null ? 0 : begun.seconds();
      double lr = schedule.rate();
      optimizer.setLearningRate(0, lr);
      Begun trained = trainEpoch(epoch, folder, deadline, interrupted, listener);
      if (trained == null) {
        break;
      }
      if (average != null) {
        follow(average);
      }
      Scorer.Score score =
          trained.steps() < batches.batches()
              ? null
              : scorer.score(data.validation(), loss, interrupted);
      double seconds = secondsBefore + (System.nanoTime() - start) / 1e9;
      if (score == null) {
        save(folder.lastCheckpoint(), trained.after(seconds));
        break;
      }
      double valIou = score.counts().jaccard(0);
      EpochMetrics metrics =
          new EpochMetrics(
              epoch,
              lr,
              trained.loss() / batches.batches(),
              trained.counts().jaccard(0),
              score.loss(),
              valIou,
              seconds);
      begun = null;
      schedule = schedule.next(valIou);
      history.add(metrics);
      save(folder, metrics);
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
    done = metrics.epoch();
    if (best) {
      save(folder.bestCheckpoint(), null);
    }
    // Metrics first: a run that is cut off between the two has a line too many, never one missing.
    folder.writeMetrics(history);
    save(folder.lastCheckpoint(), null);
  }

  private void save(Path file, @Nullable Begun part) {
    var progress = new Checkpoint.Progress(done, bestIou, schedule.toJson().toString(), part);
    Safetensors checkpoint =
        Checkpoint.of(model.metadata(), model.parameters(), optimizer, progress);
    AtomicFile.write(file, checkpoint::writeTo);
  }

  /**
   * Trains one epoch, or what is left of it: up to where it is interrupted. Null when the deadline
   * passed meanwhile.
   */
  private @Nullable Begun trainEpoch(
      int epoch,
      RunFolder folder,
      Deadline deadline,
      BooleanSupplier interrupted,
      TrainingListener listener) {
    Begun before = begun;
    int step = before == null ? 0 : before.steps();
    double sum = before == null ? 0 : before.loss();
    Iterator<Batch> next = batches.epoch(epoch, step);
    try (BinaryJaccardIndex counts = new BinaryJaccardIndex(engine, metric)) {
      if (before != null) {
        counts.merge(before.counts());
      }
      // The loss is read a step late, so that the device never waits for the host.
      PendingValue last = null;
      while (step < batches.batches() && !interrupted.getAsBoolean()) {
        if (!deadline.leaves(0)) {
          return null;
        }
        PendingValue value = step(next.next(), counts);
        double lastLoss = finite(last, epoch, step, folder);
        sum += last == null ? 0 : lastLoss;
        listener.step(epoch, lastLoss);
        last = value;
        step++;
      }
      sum += last == null ? 0 : finite(last, epoch, step, folder);
      return new Begun(step, sum, counts.counts(), 0);
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
