package dev.quern.reference;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.DType;
import dev.quern.spi.ConfusionKernels;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Confusion counts by a loop. */
final class ReferenceConfusionKernels implements ConfusionKernels {
  @Override
  public long scratchBytes(long elements) {
    return 1;
  }

  @Override
  public void count(
      Span predictions,
      float cut,
      Span target,
      @Nullable Integer ignoreIndex,
      Span counts,
      Span fault,
      Span scratch) {
    MemorySegment faultWord = HostBuffer.segment(fault);
    long first =
        count(
            HostBuffer.segment(predictions),
            cut,
            HostBuffer.segment(target),
            target.dtype(),
            target.length(),
            ignoreIndex,
            HostBuffer.segment(counts));
    faultWord.setAtIndex(JAVA_LONG, 0, Math.min(first, faultWord.getAtIndex(JAVA_LONG, 0)));
  }

  /** Counts over host memory; returns the first index of a faulty target. */
  static long count(
      MemorySegment predictions,
      float cut,
      MemorySegment target,
      DType targetDtype,
      long length,
      @Nullable Integer ignoreIndex,
      MemorySegment counts) {
    float ignored = ignoreIndex == null ? Float.NaN : ignoreIndex;
    long fault = Long.MAX_VALUE;
    for (long i = 0; i < length; i++) {
      float t = ReferencePointwiseKernels.element(target, targetDtype, i);
      if (t == ignored) {
        continue;
      }
      if (t != 0 && t != 1) {
        fault = Math.min(fault, i);
        continue;
      }
      int predicted = predictions.getAtIndex(JAVA_FLOAT, i) >= cut ? 1 : 0;
      long slot = 2 * (long) t + predicted;
      counts.setAtIndex(JAVA_LONG, slot, counts.getAtIndex(JAVA_LONG, slot) + 1);
    }
    return fault;
  }
}
