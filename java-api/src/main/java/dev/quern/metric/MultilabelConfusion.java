package dev.quern.metric;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The confusion counts of several binary predictions per pixel, one a class, over everything it was
 * updated with. Counts are int64 on the device and updates do not wait; {@link #compute} does.
 *
 * <p>Source: torchmetrics' multilabel metrics; thresholds and ignored targets as in {@link
 * BinaryConfusion}. Difference: the ignore index is only ever a target value, where torchmetrics'
 * Jaccard index also leaves out the class of that number.
 */
public final class MultilabelConfusion implements AutoCloseable {
  private final BinaryConfusionOptions options;
  private final BinaryRows rows;
  private final int classes;
  private final Counters counters;

  /**
   * Creates the metric.
   *
   * @param engine where its counts live
   * @param classes the number of classes, at least 1
   * @param options how predictions become counts
   */
  public MultilabelConfusion(Engine engine, int classes, BinaryConfusionOptions options) {
    if (classes < 1) {
      throw new IllegalArgumentException("There must be at least 1 class, got " + classes + ".");
    }
    this.options = options;
    this.rows = new BinaryRows(options);
    this.classes = classes;
    this.counters =
        new Counters(engine, Shape.of(classes, 4), options.validate() ? rows::fault : null);
  }

  /**
   * Counts a batch without waiting.
   *
   * @param predictions F32 (N, C, ...)
   * @param target U8, I32, I64 or F32 of equal shape and memory format, 0 or 1 or the ignore index;
   *     other values are left out, and reported whenever the counts are read until the next reset
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public void update(Tensor predictions, Tensor target) {
    Shape shape = predictions.shape();
    if (shape.rank() < 2 || shape.dim(1) != classes) {
      throw new IllegalArgumentException(
          "Predictions of %d classes have shape (N, %d, ...), but it is %s."
              .formatted(classes, classes, shape));
    }
    boolean planes = predictions.format() == MemoryFormat.CONTIGUOUS;
    long inner = planes ? Math.max(1, shape.elementsFrom(2)) : 1;
    rows.update(predictions, target, inner, counters);
  }

  /**
   * Reads the counts since the last reset; waits.
   *
   * @return the counts of each class, from which scores follow
   * @throws DataException if a target was out of range since then, every time
   */
  public MultilabelCounts compute() {
    return new MultilabelCounts(ConfusionCounts.list(counters.read()), options.zeroDivision());
  }

  /** Forgets everything counted, and every fault. */
  public void reset() {
    counters.reset();
  }

  /**
   * Adds the counts of another metric; waits for both.
   *
   * @param other of as many classes; its engine may be another one; it stays as it is
   * @throws DataException if a target of either was out of range
   */
  public void merge(MultilabelConfusion other) {
    merge(other.compute());
  }

  /**
   * Adds the counts of another metric, from another engine or process; waits.
   *
   * @param other its counts, of as many classes
   * @throws IllegalArgumentException if the numbers of classes differ
   * @throws DataException if a target of this metric was out of range
   */
  public void merge(MultilabelCounts other) {
    List<ConfusionCounts> sum = compute().plus(other).classes();
    long[] c = new long[4 * classes];
    for (int i = 0; i < classes; i++) {
      ConfusionCounts each = sum.get(i);
      c[4 * i] = each.trueNegatives();
      c[4 * i + 1] = each.falsePositives();
      c[4 * i + 2] = each.falseNegatives();
      c[4 * i + 3] = each.truePositives();
    }
    counters.set(c);
  }

  /** Frees the counts. */
  @Override
  public void close() {
    counters.close();
  }

  /**
   * Counts in heap or native memory, on the CPU, without an engine.
   *
   * @param predictions f32 of shape (N, C, inner) in native byte order
   * @param target 0, 1 or the ignore index, as many
   * @param targetDtype U8, I32, I64 or F32
   * @param classes the number of classes, at least 1
   * @param inner pixels of an image, at least 1
   * @param options how predictions become counts; AUTO is not offered here
   * @return the counts of each class
   * @throws IllegalArgumentException if lengths or dtypes do not fit
   * @throws DataException if a target is out of range and the options ask for validation
   */
  public static MultilabelCounts count(
      MemorySegment predictions,
      MemorySegment target,
      DType targetDtype,
      int classes,
      long inner,
      BinaryConfusionOptions options) {
    return new MultilabelCounts(
        BinaryRows.count(predictions, target, targetDtype, classes, inner, options),
        options.zeroDivision());
  }
}
