package dev.quern.metric;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.MemoryFormat;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.metric.MatrixCountOperands;
import java.lang.foreign.MemorySegment;

/**
 * The confusion matrix of multiclass predictions over everything it was updated with. Counts are
 * int64 on the device and updates do not wait; {@link #compute} does.
 *
 * <p>Source: torchmetrics' {@code MulticlassConfusionMatrix} and the multiclass scores. The
 * predicted class is the first with the greatest score, where NaN is greater than any number, as
 * PyTorch's argmax has it. Differences: a target or predicted label that is no class and not
 * ignored leaves its pixel out and is reported when the counts are read, with its index;
 * predictions of ignored pixels are not looked at.
 */
public final class MulticlassConfusion implements AutoCloseable {
  private final Engine engine;
  private final MulticlassConfusionOptions options;
  private final Counters counters;
  private boolean bytes;

  /**
   * Creates the metric.
   *
   * @param engine where its counts live
   * @param classes the number of classes, 2 to 46340
   */
  public MulticlassConfusion(Engine engine, int classes) {
    this(engine, new MulticlassConfusionOptions(classes));
  }

  /**
   * Creates the metric.
   *
   * @param engine where its counts live
   * @param options what is counted
   */
  public MulticlassConfusion(Engine engine, MulticlassConfusionOptions options) {
    this.engine = engine;
    this.options = options;
    this.counters =
        new Counters(
            engine,
            Shape.of(options.classes(), options.classes()),
            options.validate() ? this::fault : null);
  }

  /**
   * Counts a batch without waiting.
   *
   * @param predictions scores or logits, F32 of shape (N, C, ...) in either memory format; or
   *     labels, U8, I32 or I64 of the target's shape
   * @param target U8, I32 or I64 of shape (N, ...); labels that are no class leave their pixel out,
   *     and are reported whenever the counts are read until the next reset
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public void update(Tensor predictions, Tensor target) {
    predictions.requireSameEngine(target);
    predictions.requireSameEngine(counters.tensor());
    requireDtypes(predictions.dtype(), target.dtype());
    requireShapes(predictions, target);
    long pixels = target.shape().elements();
    bytes |= target.dtype() == DType.U8 || predictions.dtype() == DType.U8;
    engine.submitWithScratch(
        b -> b.confusion().matrixScratchBytes(pixels),
        (b, scratch) ->
            b.confusion()
                .matrix(
                    new MatrixCountOperands(
                        predictions.span(),
                        target.span(),
                        options.ignoreIndex(),
                        options.classes(),
                        inner(predictions),
                        counters.tensor().span(),
                        counters.fault()),
                    scratch));
  }

  /** Pixels whose scores of one class lie side by side. */
  private static long inner(Tensor predictions) {
    if (predictions.dtype() != DType.F32 || predictions.format() == MemoryFormat.CHANNELS_LAST) {
      return 1;
    }
    return Math.max(1, predictions.shape().elementsFrom(2));
  }

  private static void requireDtypes(DType predictions, DType target) {
    if (!predictions.isTarget() || !target.isLabel()) {
      throw new IllegalArgumentException(
          "Predictions are F32 scores or labels, the target labels, and labels U8, I32 or I64; but they are %s and %s."
              .formatted(predictions, target));
    }
  }

  private void requireShapes(Tensor predictions, Tensor target) {
    Shape x = predictions.shape();
    Shape t = target.shape();
    if (predictions.dtype() != DType.F32) {
      if (!x.equals(t) || predictions.format() != target.format()) {
        throw new IllegalArgumentException(
            "target %s %s does not match predicted labels %s %s; contiguous() and channelsLast() change formats."
                .formatted(t, target.format(), x, predictions.format()));
      }
      return;
    }
    boolean fits = x.rank() >= 2 && x.dim(1) == options.classes() && x.without(1).equals(t);
    if (!fits) {
      throw new IllegalArgumentException(
          "Scores of %d classes have shape (N, %d, ...) and their target (N, ...), but they are %s and %s."
              .formatted(options.classes(), options.classes(), x, t));
    }
    if (target.format() != MemoryFormat.CONTIGUOUS) {
      throw new IllegalArgumentException(
          "The target of scores is read in CONTIGUOUS order, but it is %s; convert it with contiguous()."
              .formatted(target.type()));
    }
  }

  /**
   * Reads the matrix over everything since the last reset; waits.
   *
   * @return the counts, from which scores follow
   * @throws DataException if a label was no class since then, every time
   */
  public ConfusionMatrix compute() {
    return options.matrix(counters.read());
  }

  /** Forgets everything counted, and every fault. */
  public void reset() {
    counters.reset();
  }

  /**
   * Adds the counts of another metric; waits for both.
   *
   * @param other of as many classes; its engine may be another one; it stays as it is
   * @throws DataException if a label of either was no class
   */
  public void merge(MulticlassConfusion other) {
    merge(other.compute());
  }

  /**
   * Adds the counts of another metric, from another engine or process; waits.
   *
   * @param other its counts, of as many classes
   * @throws IllegalArgumentException if the numbers of classes differ
   * @throws DataException if a label of this metric was no class
   */
  public void merge(ConfusionMatrix other) {
    counters.set(compute().plus(other).toArray());
  }

  /** Frees the counts. */
  @Override
  public void close() {
    counters.close();
  }

  private DataException fault(long index) {
    return DataException.classLabel(
        index, options.classes(), bytes ? DType.U8 : DType.I64, options.ignoreIndex());
  }

  /**
   * Counts scores on arrays, on the CPU, without an engine.
   *
   * @param scores of shape (N, C, inner)
   * @param target labels of shape (N, inner)
   * @param inner pixels of an image
   * @param options what is counted
   * @return the matrix
   * @throws IllegalArgumentException if the lengths do not fit
   * @throws DataException if a label is no class and the options ask for validation
   */
  public static ConfusionMatrix count(
      float[] scores, byte[] target, long inner, MulticlassConfusionOptions options) {
    return count(
        MemorySegment.ofArray(scores),
        DType.F32,
        MemorySegment.ofArray(target),
        DType.U8,
        inner,
        options);
  }

  /**
   * Counts predicted labels on arrays, on the CPU, without an engine.
   *
   * @param predicted labels
   * @param target labels, as many
   * @param options what is counted
   * @return the matrix
   * @throws IllegalArgumentException if the lengths differ
   * @throws DataException if a label is no class and the options ask for validation
   */
  public static ConfusionMatrix count(
      byte[] predicted, byte[] target, MulticlassConfusionOptions options) {
    return count(
        MemorySegment.ofArray(predicted),
        DType.U8,
        MemorySegment.ofArray(target),
        DType.U8,
        Math.max(1, target.length),
        options);
  }

  /**
   * Counts in heap or native memory, on the CPU, without an engine.
   *
   * @param predictions scores of shape (N, C, inner), or labels as many as targets
   * @param predictionsDtype F32 for scores; U8, I32 or I64 for labels
   * @param target labels of shape (N, inner)
   * @param targetDtype U8, I32 or I64
   * @param inner pixels of an image
   * @param options what is counted
   * @return the matrix
   * @throws IllegalArgumentException if lengths or dtypes do not fit
   * @throws DataException if a label is no class and the options ask for validation
   */
  public static ConfusionMatrix count(
      MemorySegment predictions,
      DType predictionsDtype,
      MemorySegment target,
      DType targetDtype,
      long inner,
      MulticlassConfusionOptions options) {
    requireDtypes(predictionsDtype, targetDtype);
    int classes = options.classes();
    long pixels = target.byteSize() / targetDtype.bytes();
    long each =
        predictionsDtype == DType.F32 ? (long) classes * Float.BYTES : predictionsDtype.bytes();
    if (target.byteSize() % targetDtype.bytes() != 0
        || predictions.byteSize() != pixels * each
        || inner < 1
        || pixels % inner != 0) {
      throw new IllegalArgumentException(
          "%d bytes of %s predictions of %d classes do not match %d bytes of %s target in images of %d pixels."
              .formatted(
                  predictions.byteSize(),
                  predictionsDtype,
                  classes,
                  target.byteSize(),
                  targetDtype,
                  inner));
    }
    long[] c = new long[classes * classes];
    long fault =
        Backends.arrays()
            .matrix(
                predictions,
                predictionsDtype,
                target,
                targetDtype,
                options.ignoreIndex(),
                classes,
                inner,
                c);
    if (fault != Long.MAX_VALUE && options.validate()) {
      boolean ofBytes = targetDtype == DType.U8 || predictionsDtype == DType.U8;
      throw DataException.classLabel(
          fault, classes, ofBytes ? DType.U8 : DType.I64, options.ignoreIndex());
    }
    return options.matrix(c);
  }
}
