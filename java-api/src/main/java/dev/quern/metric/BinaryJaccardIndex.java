package dev.quern.metric;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
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
  private final Engine engine;
  private final Options options;
  private final float cut;
  private final Tensor counts;

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
   * @param zeroDivision the index of an empty union; 0 by default
   */
  public record Options(
      Predictions predictions,
      double threshold,
      @Nullable Integer ignoreIndex,
      double zeroDivision) {
    /** Checks the threshold. */
    public Options {
      if (!(threshold >= 0 && threshold <= 1)) {
        throw new IllegalArgumentException(
            "The threshold must lie in [0, 1], got " + threshold + ".");
      }
    }

    /** Creates the defaults. */
    public Options() {
      this(Predictions.LOGITS, 0.5, null, 0);
    }

    /**
     * Says what the predictions are.
     *
     * @param kind what they are
     * @return options that differ in this
     */
    public Options withPredictions(Predictions kind) {
      return new Options(kind, threshold, ignoreIndex, zeroDivision);
    }

    /**
     * Sets the threshold.
     *
     * @param probability above which a prediction is positive, in [0, 1]
     * @return options that differ in this
     */
    public Options withThreshold(double probability) {
      return new Options(predictions, probability, ignoreIndex, zeroDivision);
    }

    /**
     * Leaves pixels out.
     *
     * @param target the target value whose pixels are ignored, null for none
     * @return options that differ in this
     */
    public Options withIgnoreIndex(@Nullable Integer target) {
      return new Options(predictions, threshold, target, zeroDivision);
    }

    /**
     * Sets the index of an empty union.
     *
     * @param value the index of an empty union
     * @return options that differ in this
     */
    public Options withZeroDivision(double value) {
      return new Options(predictions, threshold, ignoreIndex, value);
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
    this.counts = engine.zeros(DType.I64, Shape.of(4)).detach();
  }

  /**
   * Counts a batch without waiting.
   *
   * @param predictions F32
   * @param target U8 or F32 of equal shape, 0 or 1 or the ignore index; other values are reported
   *     at the next host read
   * @throws IllegalArgumentException if shapes, dtypes or engines do not fit
   */
  public void update(Tensor predictions, Tensor target) {
    predictions.requireSameEngine(target);
    predictions.requireSameEngine(counts);
    if (predictions.dtype() != DType.F32
        || (target.dtype() != DType.U8 && target.dtype() != DType.F32)
        || !predictions.shape().equals(target.shape())) {
      throw new IllegalArgumentException(
          "Predictions are F32 and the target U8 or F32 of equal shape, but they are %s %s and %s %s."
              .formatted(predictions.dtype(), predictions.shape(), target.dtype(), target.shape()));
    }
    float batchCut =
        options.predictions() == Predictions.AUTO ? options.cut(guess(predictions, target)) : cut;
    engine.submitWithScratch(
        b -> b.confusion().scratchBytes(predictions.shape().elements()),
        (b, scratch) ->
            b.confusion()
                .count(
                    predictions.span(),
                    batchCut,
                    target.span(),
                    options.ignoreIndex(),
                    counts.span(),
                    engine.faultWord().span(),
                    scratch));
  }

  /**
   * Reads the counts and waits.
   *
   * @return the counts since the last reset
   * @throws DataException if a target was out of range
   */
  public ConfusionCounts counts() {
    long[] c = counts.toLongArray();
    return new ConfusionCounts(c[0], c[1], c[2], c[3]);
  }

  /**
   * Computes the index over everything since the last reset; waits.
   *
   * @return TP / (TP + FP + FN)
   * @throws DataException if a target was out of range
   */
  public double compute() {
    return counts().jaccard(options.zeroDivision());
  }

  /** Forgets everything counted. */
  public void reset() {
    counts.fill(0);
  }

  /**
   * Adds the counts of another metric, from another engine or process.
   *
   * @param other its counts
   */
  public void merge(ConfusionCounts other) {
    ConfusionCounts sum = counts().plus(other);
    long[] c = {
      sum.trueNegatives(), sum.falsePositives(), sum.falseNegatives(), sum.truePositives()
    };
    counts.copyFrom(MemorySegment.ofArray(c));
  }

  /** Frees the counts. */
  @Override
  public void close() {
    counts.close();
  }

  /**
   * Counts on arrays, on the CPU, without an engine.
   *
   * @param predictions the predictions
   * @param target 0, 1 or the ignore index, as many
   * @param options how predictions become counts; AUTO is not offered here
   * @return the counts
   * @throws IllegalArgumentException if the lengths differ
   * @throws DataException if a target is out of range
   */
  public static ConfusionCounts count(float[] predictions, byte[] target, Options options) {
    if (predictions.length != target.length) {
      throw new IllegalArgumentException(
          "There are %d predictions, but the target has %d elements."
              .formatted(predictions.length, target.length));
    }
    if (options.predictions() == Predictions.AUTO) {
      throw new IllegalArgumentException("Say what the predictions are: AUTO needs an engine.");
    }
    long[] c = new long[4];
    long fault =
        Backends.arrays()
            .count(
                predictions, options.cut(options.predictions()), target, options.ignoreIndex(), c);
    if (fault != Long.MAX_VALUE) {
      throw DataException.label(fault);
    }
    return new ConfusionCounts(c[0], c[1], c[2], c[3]);
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
    logits.requireSameEngine(counts);
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
    return counts;
  }

  /**
   * Returns where predictions become positive.
   *
   * @return the smallest prediction that counts as positive; NaN if none does
   */
  public float cut() {
    return cut;
  }

  private Predictions guess(Tensor predictions, Tensor target) {
    float[] values = predictions.toFloatArray();
    Integer ignored = options.ignoreIndex();
    byte[] labels = target.dtype() == DType.U8 ? target.toByteArray() : null;
    float[] soft = labels == null ? target.toFloatArray() : null;
    for (int i = 0; i < values.length; i++) {
      float t = labels != null ? Byte.toUnsignedInt(labels[i]) : Objects.requireNonNull(soft)[i];
      boolean counted = ignored == null || t != ignored;
      if (counted && !(values[i] >= 0 && values[i] <= 1)) {
        return Predictions.LOGITS;
      }
    }
    return Predictions.PROBABILITIES;
  }
}
