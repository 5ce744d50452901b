package dev.quern.simd.optim;

import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.OptimizerFlags;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An Adam step over a caller's segments, a chunk a piece. Native memory aligned to 4 bytes is
 * updated in place; chunks of other memory, and tails, pass through aligned native memory of the
 * thread, because vector accesses to heap segments are an order of magnitude slower than the
 * copies.
 */
public final class SegmentAdam extends Task {
  private static final int PARAMETERS = 0;
  private static final int GRADIENTS = 1;
  private static final int EXP_AVG = 2;
  private static final int EXP_AVG_SQ = 3;
  private static final int MAX = 4;

  private final MemorySegment[] streams;
  private final boolean inPlace;
  private final AdamCoefficients c;
  private final AdamCoefficients prepared;

  /** {@code max} is given exactly with amsgrad. */
  public SegmentAdam(
      MemorySegment parameters,
      MemorySegment gradients,
      MemorySegment expAvg,
      MemorySegment expAvgSq,
      @Nullable MemorySegment max,
      AdamCoefficients c) {
    MemorySegment[] four = {open(parameters), open(gradients), open(expAvg), open(expAvgSq)};
    if (max == null) {
      streams = four;
    } else {
      streams = Arrays.copyOf(four, 5);
      streams[MAX] = open(max);
    }
    this.inPlace =
        Arrays.stream(streams).allMatch(s -> s.isNative() && s.address() % Float.BYTES == 0);
    this.c = c;
    this.prepared = c.prepared();
  }

  @Override
  public void run(long piece) {
    long first = 4 * Chunks.start(piece);
    int n = Chunks.length(piece, streams[PARAMETERS].byteSize() / Float.BYTES);
    int whole = inPlace ? n - n % VectorMath.LANES : 0;
    if (whole > 0) {
      update(streams, first, whole);
    }
    if (whole < n) {
      throughChunks(first + 4L * whole, n - whole);
    }
  }

  private void update(MemorySegment[] s, long at, int n) {
    MemorySegment max = s.length > MAX ? s[MAX] : null;
    if (c.has(OptimizerFlags.L1)) {
      MemorySegment stage = StepScratch.current().gradients;
      float bound = Float.POSITIVE_INFINITY;
      StepLoops.prepare(
          c.gradientUnit(),
          c.gradientFactor(),
          bound,
          c.l1(),
          s[PARAMETERS],
          s[GRADIENTS],
          at,
          stage,
          n);
      AdamLoops.update(prepared, s[PARAMETERS], stage, 0, s[EXP_AVG], s[EXP_AVG_SQ], max, at, n);
    } else {
      AdamLoops.update(c, s[PARAMETERS], s[GRADIENTS], at, s[EXP_AVG], s[EXP_AVG_SQ], max, at, n);
    }
    if (c.has(OptimizerFlags.PROXIMAL_L1)) {
      StepLoops.softThreshold(c.threshold(), s[PARAMETERS], at, n);
    }
  }

  private void throughChunks(long at, int n) {
    MemorySegment[] chunks = Arrays.copyOf(StepScratch.current().chunks(), streams.length);
    for (int s = 0; s < streams.length; s++) {
      MemorySegment.copy(streams[s], at, chunks[s], 0, 4L * n);
    }
    update(chunks, 0, Math.ceilDiv(n, VectorMath.LANES) * VectorMath.LANES);
    for (int s = 0; s < streams.length; s++) {
      if (s != GRADIENTS) {
        MemorySegment.copy(chunks[s], 0, streams[s], at, 4L * n);
      }
    }
  }
}
