package dev.quern.metric;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.FaultWord;
import dev.quern.Tensor;
import dev.quern.spi.Span;
import dev.quern.spi.metric.CountOperands;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Supplier;

/**
 * Counts binary predictions into rows {tn, fp, fn, tp}: one for all, one an image, or one a class.
 */
final class BinaryRows {
  private final BinaryConfusionOptions options;
  private final float cut;
  private volatile boolean bytes;

  BinaryRows(BinaryConfusionOptions options) {
    this.options = options;
    this.cut = options.cut();
  }

  /** The smallest prediction that counts as positive; NaN if none does. */
  float cut() {
    return cut;
  }

  /**
   * Enqueues the counting of a batch into the counts of a metric.
   *
   * @param inner neighbouring elements of one row
   */
  void update(Tensor predictions, Tensor target, long inner, Counters counters) {
    require(predictions, target, counters.tensor());
    if (target.dtype() == DType.U8) {
      bytes = true;
    }
    enqueue(predictions, target, inner, counters.tensor(), counters::fault);
  }

  /** Enqueues the counting of a batch into rows that carry a word of their own. */
  void count(Tensor predictions, Tensor target, long inner, Tensor rows, FaultWord fault) {
    require(predictions, target, rows);
    enqueue(predictions, target, inner, rows, fault::span);
  }

  /** The word's span is asked for under the engine's lock. */
  private void enqueue(
      Tensor predictions, Tensor target, long inner, Tensor rows, Supplier<Span> fault) {
    float batchCut =
        options.predictions() == Predictions.AUTO ? options.cut(guess(predictions, target)) : cut;
    predictions
        .engine()
        .submitWithScratch(
            b -> b.confusion().scratchBytes(predictions.shape().elements(), inner),
            (b, scratch) ->
                b.confusion()
                    .count(
                        new CountOperands(
                            predictions.span(),
                            batchCut,
                            target.span(),
                            options.ignoreIndex(),
                            inner,
                            rows.span(),
                            fault.get()),
                        scratch));
  }

  private static void require(Tensor predictions, Tensor target, Tensor rows) {
    predictions.requireSameEngine(target);
    predictions.requireSameEngine(rows);
    if (predictions.dtype() != DType.F32 || !target.dtype().isTarget()) {
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
          "Predictions are %s, but the target is %s: give both the same memory format with contiguous() or channelsLast()."
              .formatted(predictions.format(), target.format()));
    }
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

  /** Counts (outer, rows, inner) without an engine. */
  static List<ConfusionCounts> count(
      MemorySegment predictions,
      MemorySegment target,
      DType targetDtype,
      int rows,
      long inner,
      BinaryConfusionOptions options) {
    if (options.predictions() == Predictions.AUTO) {
      throw new IllegalArgumentException("Say what the predictions are: AUTO needs an engine.");
    }
    if (!targetDtype.isTarget()) {
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
                predictions, options.cut(), target, targetDtype, options.ignoreIndex(), inner, c);
    if (fault != Long.MAX_VALUE && options.validate()) {
      throw DataException.binaryTarget(fault, targetDtype, options.ignoreIndex());
    }
    return ConfusionCounts.list(c);
  }
}
