package dev.quern.metric;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The confusion counts of binary predictions over everything it was updated with, and where losses
 * leave counts in passing. Counts are int64 on the device and updates do not wait; {@link #counts}
 * does. A score of its own, as {@link BinaryJaccardIndex}, is this and {@code compute()}.
 *
 * <p>Source: torchmetrics' {@code BinaryStatScores}. A prediction is positive if its probability
 * strictly exceeds the threshold, which is rounded to f32 first. Differences: what the predictions
 * are is said ({@link Predictions}) instead of guessed from each batch, AUTO excepted. For logits
 * the threshold is turned once into the smallest float whose correctly rounded sigmoid exceeds it,
 * so no exponential is computed.
 */
public sealed class BinaryConfusion implements AutoCloseable permits BinaryScore {
  private final Engine engine;
  private final BinaryConfusionOptions options;
  private final BinaryRows rows;
  private final Counters counters;

  /**
   * Creates the metric for logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryConfusion(Engine engine) {
    this(engine, new BinaryConfusionOptions());
  }

  /**
   * Creates the metric.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryConfusion(Engine engine, BinaryConfusionOptions options) {
    this.engine = engine;
    this.options = options;
    this.rows = new BinaryRows(options);
    this.counters = new Counters(engine, Shape.of(4), options.validate() ? rows::fault : null);
  }

  /**
   * Counts a batch without waiting.
   *
   * @param predictions F32
   * @param target U8, I32, I64 or F32 of equal shape (an axis of one channel may be left out), 0 or
   *     1 or the ignore index; other values are left out, and reported whenever the counts are read
   *     until the next reset
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public final void update(Tensor predictions, Tensor target) {
    long inner = Math.max(1, predictions.shape().elements());
    rows.update(predictions, target, inner, counters);
  }

  /**
   * Counts every image of a batch by itself, in one launch and without waiting. The metric's own
   * counts stay as they are.
   *
   * @param predictions F32 (N, ...)
   * @param target as for {@link #update}
   * @return I64 (N, 4): {tn, fp, fn, tp} of each image, owned by the current scope; {@link
   *     ConfusionCounts#list} reads them. Whoever reads the tensor is told of faults in this target
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit, or there is no axis N
   */
  public final Tensor countPerImage(Tensor predictions, Tensor target) {
    if (predictions.shape().rank() == 0) {
      throw new IllegalArgumentException(
          "Images are counted along the first axis, but the predictions have none.");
    }
    long images = predictions.shape().dim(0);
    long inner = Math.max(1, predictions.shape().elementsFrom(1));
    DType dtype = target.dtype();
    return engine.scoped(() -> {
      Tensor perImage = engine.zeros(DType.I64, Shape.of(images, 4));
      try (FaultWord fault =
          engine.openFaultWord(
              index -> DataException.binaryTarget(index, dtype, options.ignoreIndex()))) {
        if (options.validate()) {
          fault.carriedBy(perImage);
        }
        rows.count(predictions, target, inner, perImage, fault);
        return perImage;
      }
    });
  }

  /**
   * Reads the counts and waits.
   *
   * @return the counts since the last reset
   * @throws DataException if a target was out of range since then, every time
   */
  public final ConfusionCounts counts() {
    long[] c = counters.read();
    return new ConfusionCounts(c[0], c[1], c[2], c[3]);
  }

  /** Forgets everything counted, and every fault. */
  public final void reset() {
    counters.reset();
  }

  /**
   * Adds the counts of another metric; waits for both.
   *
   * @param other its engine may be another one; it stays as it is
   * @throws DataException if a target of either was out of range
   */
  public final void merge(BinaryConfusion other) {
    merge(other.counts());
  }

  /**
   * Adds the counts of another metric, from another engine or process.
   *
   * @param other its counts
   * @throws DataException if a target of this metric was out of range
   */
  public final void merge(ConfusionCounts other) {
    ConfusionCounts sum = counts().plus(other);
    long[] c = {
      sum.trueNegatives(), sum.falsePositives(), sum.falseNegatives(), sum.truePositives()
    };
    counters.set(c);
  }

  /** Frees the counts. */
  @Override
  public final void close() {
    counters.close();
  }

  /**
   * Counts on arrays, on the CPU, without an engine.
   *
   * @param predictions the predictions
   * @param target 0, 1 or the ignore index, as many
   * @param options how predictions become counts; AUTO is not offered here
   * @return the counts
   * @throws IllegalArgumentException if the lengths differ
   * @throws DataException if a target is out of range and the options ask for validation
   */
  public static ConfusionCounts count(
      float[] predictions, byte[] target, BinaryConfusionOptions options) {
    return count(
        MemorySegment.ofArray(predictions), MemorySegment.ofArray(target), DType.U8, options);
  }

  /**
   * Counts in heap or native memory, on the CPU, without an engine.
   *
   * @param predictions f32 in native byte order
   * @param target 0, 1 or the ignore index, as many
   * @param targetDtype U8, I32, I64 or F32
   * @param options how predictions become counts; AUTO is not offered here
   * @return the counts
   * @throws IllegalArgumentException if the lengths differ or a dtype is no target's
   * @throws DataException if a target is out of range and the options ask for validation
   */
  public static ConfusionCounts count(
      MemorySegment predictions,
      MemorySegment target,
      DType targetDtype,
      BinaryConfusionOptions options) {
    return countPerImage(predictions, target, targetDtype, 1, options).getFirst();
  }

  /**
   * Counts every image of a batch in heap or native memory by itself, on the CPU, without an
   * engine.
   *
   * @param predictions f32 in native byte order, image after image of equal size
   * @param target 0, 1 or the ignore index, as many
   * @param targetDtype U8, I32, I64 or F32
   * @param images how many images
   * @param options how predictions become counts; AUTO is not offered here
   * @return the counts of each image
   * @throws IllegalArgumentException if the lengths differ, do not make so many images, or a dtype
   *     is no target's
   * @throws DataException if a target is out of range and the options ask for validation
   */
  public static List<ConfusionCounts> countPerImage(
      MemorySegment predictions,
      MemorySegment target,
      DType targetDtype,
      int images,
      BinaryConfusionOptions options) {
    long elements = predictions.byteSize() / Float.BYTES;
    if (images < 1 || elements % images != 0) {
      throw new IllegalArgumentException(
          "%d predictions do not make %d images of equal size.".formatted(elements, images));
    }
    long inner = Math.max(1, elements / images);
    return BinaryRows.count(predictions, target, targetDtype, images, inner, options);
  }

  /**
   * Returns the counters, for a loss that counts in passing.
   *
   * @param logits what the loss is computed of
   * @param ignoreIndex what the loss ignores
   * @return I64 {tn, fp, fn, tp}
   * @throws IllegalArgumentException if this metric does not count logits, or ignores other pixels
   */
  public final Tensor countsFor(Tensor logits, @Nullable Integer ignoreIndex) {
    logits.requireSameEngine(counters.tensor());
    if (options.predictions() != Predictions.LOGITS) {
      throw new IllegalArgumentException(
          "Counts ride along with a loss over logits, but the metric takes "
              + options.predictions()
              + ".");
    }
    if (!Objects.equals(ignoreIndex, options.ignoreIndex())) {
      throw new IllegalArgumentException(
          "The loss has ignoreIndex %s, but the metric has %s."
              .formatted(ignoreIndex, options.ignoreIndex()));
    }
    return counters.tensor();
  }

  /**
   * Makes whoever reads the counts hear of the faults of a loss that counts in passing.
   *
   * @param found the loss's fault word
   */
  public final void carry(FaultWord found) {
    counters.carry(found);
  }

  /**
   * Returns where predictions become positive.
   *
   * @return the smallest prediction that counts as positive; NaN if none does
   */
  public final float cut() {
    return rows.cut();
  }
}
