package dev.quern.train.pixel;

import dev.quern.Engine;
import dev.quern.PendingValue;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Mask;
import dev.quern.train.data.Sample;
import dev.quern.train.loss.TrainingLoss;
import java.util.Arrays;
import java.util.Iterator;
import java.util.function.BiConsumer;

/** Runs the pixel model over whole images. */
final class PixelScorer {

  private final Engine engine;
  private final PixelModel model;
  private final FeatureLoader loader;

  PixelScorer(Engine engine, PixelModel model, FeatureLoader loader) {
    this.engine = engine;
    this.model = model;
    this.loader = loader;
  }

  /**
   * Loss and counts of a data set.
   *
   * @param loss mean over the pieces the images are computed in, weighted by their pixels
   * @param counts over all pixels, at probability 0.5
   */
  record Score(double loss, ConfusionCounts counts) {}

  /** Scores every pixel of a data set. */
  Score score(Dataset data, TrainingLoss loss) {
    double sum = 0;
    long rows = 0;
    try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      PendingValue before = null;
      int rowsBefore = 0;
      Iterator<Chunk> chunks = loader.whole(data, model.extractor());
      while (chunks.hasNext()) {
        Chunk chunk = chunks.next();
        PendingValue value;
        try (Scope _ = engine.openScope()) {
          Tensor logits = logits(chunk);
          Tensor target = engine.tensor(chunk.target(), chunk.rows(), 1);
          metric.update(logits, target);
          value = loss.forward(logits, target).itemLater();
        }
        if (before != null) {
          sum += before.await() * (double) rowsBefore;
        }
        before = value;
        rowsBefore = chunk.rows();
        rows += rowsBefore;
      }
      if (before != null) {
        sum += before.await() * (double) rowsBefore;
      }
      return new Score(sum / rows, metric.counts());
    }
  }

  /** Compares the predictions of every pixel of a data set with the truth. */
  ConfusionCounts count(Dataset data) {
    try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      Iterator<Chunk> chunks = loader.whole(data, model.extractor());
      while (chunks.hasNext()) {
        Chunk chunk = chunks.next();
        try (Scope _ = engine.openScope()) {
          metric.update(logits(chunk), engine.tensor(chunk.target(), chunk.rows(), 1));
        }
      }
      return metric.counts();
    }
  }

  /** Predicts the mask of every image, in the order of the data set. */
  void predict(Dataset data, BiConsumer<Sample, Mask> consumer) {
    float cut;
    try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine)) {
      cut = metric.cut();
    }
    Iterator<Chunk> chunks = loader.whole(data, model.extractor());
    byte[] values = new byte[0];
    int done = 0;
    while (chunks.hasNext()) {
      Chunk chunk = chunks.next();
      int pixels = chunk.sample().image().pixels();
      if (done == 0) {
        values = new byte[pixels];
      }
      for (float logit : download(chunk)) {
        values[done++] = (byte) (logit >= cut ? 1 : 0);
      }
      if (done == pixels) {
        Sample sample = chunk.sample();
        consumer.accept(
            sample,
            new Mask(
                sample.image().height(), sample.image().width(), Arrays.copyOf(values, pixels)));
        done = 0;
      }
    }
  }

  private float[] download(Chunk chunk) {
    try (Scope _ = engine.openScope()) {
      return logits(chunk).toFloatArray();
    }
  }

  private Tensor logits(Chunk chunk) {
    return model.logits(engine.tensor(chunk.features(), chunk.rows(), model.extractor().size()));
  }
}
