package dev.quern.metric;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The Jaccard index (intersection over union) of binary predictions over everything it was updated
 * with: one ratio of summed counts, not a mean of ratios. Counts are int64 on the device and
 * updates do not wait; {@link #compute} does.
 *
 * <p>Source: torchmetrics' {@code BinaryJaccardIndex}. A prediction is positive if its probability
 * strictly exceeds the threshold, which is rounded to f32 first. Differences: what the predictions
 * are is said ({@link Predictions}) instead of guessed from each batch, AUTO excepted; the ratio is
 * taken in f64. For logits the threshold is turned once into the smallest float whose correctly
 * rounded sigmoid exceeds it, so no exponential is computed.
 */
public final class BinaryJaccardIndex implements AutoCloseable {
  private static final Set<DType> TARGETS = EnumSet.of(DType.U8, DType.I32, DType.I64, DType.F32);

  private final Engine engine;
  private final Options options;
  private final float cut;
  private final Counters counters;
  private boolean bytes;

  /** What predictions are. */
  public enum Predictions {
    /** Any real numbers; the probability is their sigmoid. */
    LOGITS,
    /** Probabilities. */
    PROBABILITIES,
    /** 0 or 1. */
    LABELS,
    /**
     * As torchmetrics: probabilities, unless a value of the batch that is not ignored lies outside
     * [0, 1] or is NaN, then all of it are logits. Reads the batch back to the host.
     */
    AUTO
  }

  /**
   * How predictions become counts.
   *
   * @param predictions what they are; LOGITS by default
   * @param threshold the probability above which one is positive, in [0, 1]; 0.5 by default
   * @param ignoreIndex the target value left out; null, none, by default
   * @param zeroDivision the index of an empty union; 0 by default, may be NaN
   * @param validate whether targets other than 0, 1 and the ignore index are reported to whoever
   *     reads the counts; true by default. They never count, and finding them costs no waiting
   *     either way.
   */
  public record Options(
      Predictions predictions,
      double threshold,
      @Nullable Integer ignoreIndex,
      double zeroDivision,
      boolean validate) {
    /** Checks the threshold. */
    public Options {
      if (!(threshold >= 0 && threshold <= 1)) {
        throw new IllegalArgumentException(
            "The threshold must lie in [0, 1], got " + threshold + ".");
      }
    }

    /** Creates the defaults. */
    public Options() {
      this(Predictions.LOGITS, 0.5, null, 0, true);
    }

    /**
     * Says what the predictions are.
     *
     * @param kind what they are
     * @return options that differ in this
     */
    public Options withPredictions(Predictions kind) {
      return new Options(kind, threshold, ignoreIndex, zeroDivision, validate);
    }

    /**
     * Sets the threshold.
     *
     * @param probability above which a prediction is positive, in [0, 1]
     * @return options that differ in this
     */
    public Options withThreshold(double probability) {
      return new Options(predictions, probability, ignoreIndex, zeroDivision, validate);
    }

    /**
     * Leaves pixels out.
     *
     * @param target the target value whose pixels are ignored, null for none
     * @return options that differ in this
     */
    public Options withIgnoreIndex(@Nullable Integer target) {
      return new Options(predictions, threshold, target, zeroDivision, validate);
    }

    /**
     * Sets the index of an empty union.
     *
     * @param value the index of an empty union
     * @return options that differ in this
     */
    public Options withZeroDivision(double value) {
      return new Options(predictions, threshold, ignoreIndex, value, validate);
    }

    /**
     * Reports faulty targets, or leaves them out silently.
     *
     * @param report whether they are reported
     * @return options that differ in this
     */
    public Options withValidate(boolean report) {
      return new Options(predictions, threshold, ignoreIndex, zeroDivision, report);
    }

    /** The smallest prediction that counts as positive. */
    float cut(Predictions kind) {
      return switch (kind) {
        case LABELS -> 0.5f;
        case PROBABILITIES -> Math.nextUp((float) threshold);
        case LOGITS, AUTO -> LogitThreshold.of((float) threshold);
      };
    }
  }

  /**
   * Creates the metric for logits with threshold 0.5.
   *
   * @param engine where its counts live
   */
  public BinaryJaccardIndex(Engine engine) {
    this(engine, new Options());
  }

  /**
   * Creates the metric.
   *
   * @param engine where its counts live
   * @param options how predictions become counts
   */
  public BinaryJaccardIndex(Engine engine, Options options) {
    this.engine = engine;
    this.options = options;
    this.cut = options.cut(options.predictions());
    this.counters = new Counters(engine, Shape.of(4), options.validate() ? this::fault : null);
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
  public void update(Tensor predictions, Tensor target) {
    update(predictions, target, Math.max(1, predictions.shape().elements()), counters);
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
  public Tensor countPerImage(Tensor predictions, Tensor target) {
    require(predictions, target);
    if (predictions.shape().rank() == 0) {
      throw new IllegalArgumentException(
          "Images are counted along the first axis, but the predictions have none.");
    }
    long images = predictions.shape().dim(0);
    long inner = images == 0 ? 1 : Math.max(1, predictions.shape().elements() / images);
    DType dtype = target.dtype();
    return engine.scoped(() -> {
      Tensor perImage = engine.zeros(DType.I64, Shape.of(images, 4));
      try (FaultWord fault =
          engine.openFaultWord(
              index -> DataException.binaryTarget(index, dtype, options.ignoreIndex()))) {
        if (options.validate()) {
          fault.carriedBy(perImage);
        }
        count(predictions, target, inner, perImage, fault::span);
        return perImage;
      }
    });
  }

  /** Counts rows, of this metric or another. */
  void update(Tensor predictions, Tensor target, long inner, Counters rows) {
    require(predictions, target);
    bytes |= target.dtype() == DType.U8;
    count(predictions, target, inner, rows.tensor(), rows::fault);
  }

  private void require(Tensor predictions, Tensor target) {
    predictions.requireSameEngine(target);
    predictions.requireSameEngine(counters.tensor());
    if (predictions.dtype() != DType.F32 || !TARGETS.contains(target.dtype())) {
      throw new IllegalArgumentException(
          "Predictions are F32 and the target U8, I32, I64 or F32, but they are %s and %s."
              .formatted(predictions.dtype(), target.dtype()));
    }
    if (!predictions.shape().equalsButForChannel(target.shape())) {
      throw new IllegalArgumentException(
          "target shape %s does not match predictions %s."
              .formatted(target.shape(), predictions.shape()));
    }
    if (predictions.format() != target.format()) {
      throw new IllegalArgumentException(
          "Predictions are %s, but the target is %s: give both the same memory format."
              .formatted(predictions.format(), target.format()));
    }
  }

  private void count(
      Tensor predictions, Tensor target, long inner, Tensor rows, Supplier<Span> fault) {
    float batchCut =
        options.predictions() == Predictions.AUTO ? options.cut(guess(predictions, target)) : cut;
    engine.submitWithScratch(
        b -> b.confusion().scratchBytes(predictions.shape().elements(), inner),
        (b, scratch) ->
            b.confusion()
                .count(
                    predictions.span(),
                    batchCut,
                    target.span(),
                    options.ignoreIndex(),
                    inner,
                    rows.span(),
                    fault.get(),
                    scratch));
  }

  /**
   * Reads the counts and waits.
   *
   * @return the counts since the last reset
   * @throws DataException if a target was out of range since then, every time
   */
  public ConfusionCounts counts() {
    long[] c = counters.read();
    return new ConfusionCounts(c[0], c[1], c[2], c[3]);
  }

  /**
   * Computes the index over everything since the last reset; waits.
   *
   * @return TP / (TP + FP + FN)
   * @throws DataException if a target was out of range since then, every time
   */
  public double compute() {
    return counts().jaccard(options.zeroDivision());
  }

  /** Forgets everything counted, and every fault. */
  public void reset() {
    counters.reset();
  }

  /**
   * Adds the counts of another metric; waits for both.
   *
   * @param other its engine may be another one; it stays as it is
   * @throws DataException if a target of either was out of range
   */
  public void merge(BinaryJaccardIndex other) {
    merge(other.counts());
  }

  /**
   * Adds the counts of another metric, from another engine or process.
   *
   * @param other its counts
   * @throws DataException if a target of this metric was out of range
   */
  public void merge(ConfusionCounts other) {
    ConfusionCounts sum = counts().plus(other);
    long[] c = {
      sum.trueNegatives(), sum.falsePositives(), sum.falseNegatives(), sum.truePositives()
    };
    counters.set(c);
  }

  /** Frees the counts. */
  @Override
  public void close() {
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
  public static ConfusionCounts count(float[] predictions, byte[] target, Options options) {
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
      MemorySegment predictions, MemorySegment target, DType targetDtype, Options options) {
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
      Options options) {
    long elements = predictions.byteSize() / Float.BYTES;
    if (images < 1 || elements % images != 0) {
      throw new IllegalArgumentException(
          "%d predictions do not make %d images of equal size.".formatted(elements, images));
    }
    long inner = Math.max(1, elements / images);
    return countRows(predictions, target, targetDtype, images, inner, options);
  }

  /** Counts (outer, rows, inner) without an engine. */
  static List<ConfusionCounts> countRows(
      MemorySegment predictions,
      MemorySegment target,
      DType targetDtype,
      int rows,
      long inner,
      Options options) {
    if (options.predictions() == Predictions.AUTO) {
      throw new IllegalArgumentException("Say what the predictions are: AUTO needs an engine.");
    }
    if (!TARGETS.contains(targetDtype)) {
      throw new IllegalArgumentException(
          "A target is U8, I32, I64 or F32, but this one is " + targetDtype + ".");
    }
    long elements = predictions.byteSize() / Float.BYTES;
    if (predictions.byteSize() % Float.BYTES != 0
        || target.byteSize() != elements * targetDtype.bytes()) {
      throw new IllegalArgumentException(
          "There are %d bytes of F32 predictions, but %d bytes of %s target."
              .formatted(predictions.byteSize(), target.byteSize(), targetDtype));
    }
    if (rows < 1 || inner < 1 || elements % rows != 0 || elements / rows % inner != 0) {
      throw new IllegalArgumentException(
          "%d predictions do not divide into %d rows of %d.".formatted(elements, rows, inner));
    }
    if (rows > Integer.MAX_VALUE / 4) {
      throw new IllegalArgumentException(
          "At most %d rows are counted at once, but there are %d; count them in parts."
              .formatted(Integer.MAX_VALUE / 4, rows));
    }
    long[] c = new long[4 * rows];
    long fault =
        Backends.arrays()
            .count(
                predictions,
                options.cut(options.predictions()),
                target,
                targetDtype,
                options.ignoreIndex(),
                inner,
                c);
    if (fault != Long.MAX_VALUE && options.validate()) {
      throw DataException.binaryTarget(fault, targetDtype, options.ignoreIndex());
    }
    return ConfusionCounts.list(c);
  }

  /**
   * Returns the counters, for a loss that counts in passing.
   *
   * @param logits what the loss is computed of
   * @param ignoreIndex what the loss ignores
   * @return I64 {tn, fp, fn, tp}
   * @throws IllegalArgumentException if this metric does not count logits, or ignores other pixels
   */
  public Tensor countsFor(Tensor logits, @Nullable Integer ignoreIndex) {
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
  public void carry(FaultWord found) {
    counters.carry(found);
  }

  /**
   * Returns where predictions become positive.
   *
   * @return the smallest prediction that counts as positive; NaN if none does
   */
  public float cut() {
    return cut;
  }

  /** What is said of a target out of range. */
  DataException fault(long index) {
    return DataException.binaryTarget(index, bytes ? DType.U8 : DType.I64, options.ignoreIndex());
  }

  private Predictions guess(Tensor predictions, Tensor target) {
    float[] values = predictions.toFloatArray();
    Integer ignored = options.ignoreIndex();
    MemorySegment labels =
        Arena.ofAuto()
            .allocate(Math.max(1, (long) values.length * target.dtype().bytes()), Long.BYTES)
            .asSlice(0, (long) values.length * target.dtype().bytes());
    target.copyTo(labels);
    for (int i = 0; i < values.length; i++) {
      double t =
          switch (target.dtype()) {
            case U8 -> Byte.toUnsignedInt(labels.get(ValueLayout.JAVA_BYTE, i));
            case I32 -> labels.get(ValueLayout.JAVA_INT_UNALIGNED, 4L * i);
            case I64 -> labels.get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * i);
            default -> labels.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
          };
      boolean counted = ignored == null || t != ignored;
      if (counted && !(values[i] >= 0 && values[i] <= 1)) {
        return Predictions.LOGITS;
      }
    }
    return Predictions.PROBABILITIES;
  }
}
