package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.DType;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.metric.ConfusionKernels;
import dev.quern.spi.metric.CountOperands;
import dev.quern.spi.metric.MatrixCountOperands;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Confusion counts by a loop. */
final class ReferenceConfusionKernels implements ConfusionKernels {
  @Override
  public long scratchBytes(long elements, long inner) {
    return 1;
  }

  @Override
  public void count(CountOperands operands, Span scratch) {
    long first =
        count(
            HostBuffer.segment(operands.predictions()),
            operands.cut(),
            HostBuffer.segment(operands.target()),
            operands.target().dtype(),
            operands.ignoreIndex(),
            operands.inner(),
            HostBuffer.segment(operands.counts()));
    lower(operands.fault(), first);
  }

  /** Counts over host memory; returns the first index of a faulty target. */
  static long count(
      MemorySegment predictions,
      float cut,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      long inner,
      MemorySegment counts) {
    long length = target.byteSize() / targetDtype.bytes();
    long rows = counts.byteSize() / (4 * Long.BYTES);
    long fault = Long.MAX_VALUE;
    for (long i = 0; i < length; i++) {
      double t = label(target, targetDtype, i);
      if (ignoreIndex != null && t == ignoreIndex) {
        continue;
      }
      if (t != 0 && t != 1) {
        fault = Math.min(fault, i);
        continue;
      }
      int predicted = predictions.get(JAVA_FLOAT_UNALIGNED, 4 * i) >= cut ? 1 : 0;
      long slot = 4 * (i / inner % rows) + 2 * (long) t + predicted;
      counts.setAtIndex(JAVA_LONG, slot, counts.getAtIndex(JAVA_LONG, slot) + 1);
    }
    return fault;
  }

  @Override
  public long matrixScratchBytes(long pixels) {
    return 1;
  }

  @Override
  public void matrix(MatrixCountOperands operands, Span scratch) {
    long first =
        matrix(
            HostBuffer.segment(operands.predictions()),
            operands.predictions().dtype(),
            HostBuffer.segment(operands.target()),
            operands.target().dtype(),
            operands.ignoreIndex(),
            operands.classes(),
            operands.inner(),
            HostBuffer.segment(operands.counts()));
    lower(operands.fault(), first);
  }

  /** Fills a confusion matrix over host memory; returns the first index of a faulty pixel. */
  static long matrix(
      MemorySegment predictions,
      DType predictionsDtype,
      MemorySegment target,
      DType targetDtype,
      @Nullable Integer ignoreIndex,
      int classes,
      long inner,
      MemorySegment counts) {
    long length = target.byteSize() / targetDtype.bytes();
    long fault = Long.MAX_VALUE;
    for (long i = 0; i < length; i++) {
      double t = label(target, targetDtype, i);
      if (ignoreIndex != null && t == ignoreIndex) {
        continue;
      }
      double predicted =
          predictionsDtype == DType.F32
              ? greatest(predictions, classes, inner, i / inner * classes * inner + i % inner)
              : label(predictions, predictionsDtype, i);
      if (t < 0 || t >= classes || predicted < 0 || predicted >= classes) {
        fault = Math.min(fault, i);
        continue;
      }
      long slot = (long) (t * classes + predicted);
      counts.setAtIndex(JAVA_LONG, slot, counts.getAtIndex(JAVA_LONG, slot) + 1);
    }
    return fault;
  }

  /** The first class with the greatest score; NaN is greater than any number. */
  private static int greatest(MemorySegment scores, int classes, long inner, long first) {
    int best = 0;
    float greatest = scores.get(JAVA_FLOAT_UNALIGNED, 4 * first);
    for (int c = 1; c < classes && !Float.isNaN(greatest); c++) {
      float score = scores.get(JAVA_FLOAT_UNALIGNED, 4 * (first + c * inner));
      if (score > greatest || Float.isNaN(score)) {
        best = c;
        greatest = score;
      }
    }
    return best;
  }

  private static void lower(Span fault, long first) {
    MemorySegment word = HostBuffer.segment(fault);
    word.setAtIndex(JAVA_LONG, 0, Math.min(first, word.getAtIndex(JAVA_LONG, 0)));
  }

  /** A label; as a double it compares exactly with every int. */
  static double label(MemorySegment target, DType dtype, long i) {
    return switch (dtype) {
      case U8 -> Byte.toUnsignedInt(target.get(JAVA_BYTE, i));
      case I32 -> target.get(JAVA_INT_UNALIGNED, 4 * i);
      case I64 -> target.get(JAVA_LONG_UNALIGNED, 8 * i);
      case F32 -> target.get(JAVA_FLOAT_UNALIGNED, 4 * i);
      default -> throw new IllegalArgumentException("A target is not " + dtype + ".");
    };
  }
}
