package dev.quern.train.trainer;

import dev.quern.Engine;
import dev.quern.PendingValue;
import dev.quern.Scope;
import dev.quern.Tensor;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryConfusionOptions;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.metric.ConfusionCounts;
import dev.quern.train.batch.Band;
import dev.quern.train.batch.Piece;
import dev.quern.train.batch.PieceSource;
import dev.quern.train.batch.Prefetch;
import dev.quern.train.batch.UnusableSampleException;
import dev.quern.train.data.Dataset;
import dev.quern.train.data.Sample;
import dev.quern.train.data.mask.Mask;
import dev.quern.train.model.SegmentationModel;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Runs a model over whole images. */
final class Scorer {

  private final Engine engine;
  private final SegmentationModel model;
  private final PieceSource source;
  private final BinaryConfusionOptions options;

  /**
   * Makes a scorer.
   *
   * @param engine where the model is
   * @param model stays the caller's
   * @param prefetch reads ahead; stays the caller's
   * @param options threshold, and the ignore index of targets with void pixels
   */
  Scorer(
      Engine engine, SegmentationModel model, Prefetch prefetch, BinaryConfusionOptions options) {
    this.engine = engine;
    this.model = model;
    this.source = model.pieces(prefetch);
    this.options = options;
  }

  /**
   * Loss and counts of a data set.
   *
   * @param loss mean over the pieces the images are computed in, weighted by their pixels
   * @param counts over all pixels
   */
  record Score(double loss, ConfusionCounts counts) {}

  /** Scores every pixel of a data set; null when it is interrupted. */
  @Nullable Score score(Dataset data, SegmentationLoss loss, BooleanSupplier interrupted) {
    double sum = 0;
    long pixels = 0;
    try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine, options)) {
      PendingValue before = null;
      int pixelsBefore = 0;
      Iterator<Piece> pieces = source.whole(data);
      while (pieces.hasNext()) {
        if (interrupted.getAsBoolean()) {
          return null;
        }
        Piece piece = usable(pieces);
        PendingValue value;
        try (Scope _ = engine.openScope()) {
          Tensor logits = logits(piece);
          Tensor target = piece.target(engine, logits.shape());
          metric.update(logits, target);
          value = loss.forward(logits, target).itemLater();
        }
        if (before != null) {
          sum += before.await() * (double) pixelsBefore;
        }
        before = value;
        pixelsBefore = piece.pixels();
        pixels += pixelsBefore;
        closeAfter(piece);
      }
      if (before != null) {
        sum += before.await() * (double) pixelsBefore;
      }
      return new Score(sum / pixels, metric.counts());
    }
  }

  /** Compares the predictions of every pixel of a data set with the truth. */
  ConfusionCounts count(Dataset data, Consumer<Sample> done) {
    try (BinaryJaccardIndex metric = new BinaryJaccardIndex(engine, options)) {
      Iterator<Piece> pieces = source.whole(data);
      while (pieces.hasNext()) {
        Piece piece = usable(pieces);
        try (Scope _ = engine.openScope()) {
          Tensor logits = logits(piece);
          metric.update(logits, piece.target(engine, logits.shape()));
        }
        if (closeAfter(piece)) {
          done.accept(piece.sample());
        }
      }
      return metric.counts();
    }
  }

  /**
   * Predicts every image, in the order of the data set.
   *
   * @param data the images
   * @param consumer gets each with its bands from top to bottom, computed when asked for; it takes
   *     them all
   * @param unusable is told of images that cannot be used
   */
  void predict(
      Dataset data,
      BiConsumer<Sample, Iterator<Band>> consumer,
      Consumer<UnusableSampleException> unusable) {
    Iterator<Piece> pieces = source.whole(data);
    while (pieces.hasNext()) {
      Bands bands;
      try {
        bands = new Bands(pieces);
      } catch (UnusableSampleException e) {
        unusable.accept(e);
        continue;
      }
      consumer.accept(bands.sample(), bands);
      if (bands.hasNext()) {
        throw new IllegalStateException("Not all of " + bands.sample().name() + " was taken.");
      }
      bands.sample().image().close();
    }
  }

  /** The bands of the image that comes next: each is one row of tiles. */
  private final class Bands implements Iterator<Band> {

    private final Iterator<Piece> pieces;
    private Piece next;
    private boolean done;

    Bands(Iterator<Piece> pieces) {
      this.pieces = pieces;
      this.next = pieces.next();
    }

    Sample sample() {
      return next.sample();
    }

    @Override
    public boolean hasNext() {
      return !done;
    }

    @Override
    public Band next() {
      if (done) {
        throw new NoSuchElementException();
      }
      int width = sample().image().width();
      int y = next.tile().y();
      int rows = next.tile().height();
      float[] logits = new float[Math.multiplyExact(rows, width)];
      boolean endsBand;
      do {
        float[] values = download(next);
        for (int i = 0; i < values.length; i++) {
          logits[next.pixel(i) - y * width] = values[i];
        }
        endsBand = next.endsTile() && next.tile().x() + next.tile().width() == width;
        done = next.endsImage();
        if (!done) {
          next = pieces.next();
        }
      } while (!endsBand);
      return new Band(y, rows, logits);
    }
  }

  /** Turns predictions into a mask in memory. */
  Mask mask(Sample sample, Iterator<Band> bands) {
    float cut = options.cut();
    byte[] values = new byte[sample.image().pixels()];
    int done = 0;
    while (bands.hasNext()) {
      for (float logit : bands.next().logits()) {
        values[done++] = (byte) (logit >= cut ? 1 : 0);
      }
    }
    return new Mask(sample.image().height(), sample.image().width(), values);
  }

  private static Piece usable(Iterator<Piece> pieces) {
    try {
      return pieces.next();
    } catch (UnusableSampleException e) {
      throw e.reason();
    }
  }

  private static boolean closeAfter(Piece piece) {
    if (piece.endsImage()) {
      piece.sample().image().close();
      return true;
    }
    return false;
  }

  private float[] download(Piece piece) {
    try (Scope _ = engine.openScope()) {
      return logits(piece).toFloatArray();
    }
  }

  private Tensor logits(Piece piece) {
    return model.logits(piece);
  }
}
