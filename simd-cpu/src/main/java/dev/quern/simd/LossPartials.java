package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.reference.LossTerms;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * What pass 1 of a fused loss leaves in scratch memory: per chunk four sums, four counts and the
 * first fault.
 *
 * @param memory records of {@link #BYTES}
 */
record LossPartials(MemorySegment memory) {
  /** The size of a record. */
  static final int BYTES = 9 * 8;

  private static final int COUNTS = 4;
  private static final int FAULT = 8;

  /** One chunk's sums and counts while they are made. */
  static final class Chunk {
    final double[] sums = new double[4];
    final Confusion counts = new Confusion();

    /** Starts a chunk. */
    void clear() {
      Arrays.fill(sums, 0);
      counts.clear();
    }

    /** Adds {@link LossVectors#ROW} accumulators of each sum, by index. */
    void addLanes(float[] lanes) {
      for (int sum = 0; sum < 4; sum++) {
        for (int lane = 0; lane < LossVectors.ROW; lane++) {
          sums[sum] += lanes[sum * LossVectors.ROW + lane];
        }
      }
    }
  }

  void set(long chunk, Chunk values, long fault) {
    for (int sum = 0; sum < 4; sum++) {
      memory.setAtIndex(JAVA_DOUBLE, 9 * chunk + sum, values.sums[sum]);
    }
    Confusion counts = values.counts;
    memory.setAtIndex(JAVA_LONG, 9 * chunk + COUNTS, counts.trueNegatives);
    memory.setAtIndex(JAVA_LONG, 9 * chunk + COUNTS + 1, counts.falsePositives);
    memory.setAtIndex(JAVA_LONG, 9 * chunk + COUNTS + 2, counts.falseNegatives);
    memory.setAtIndex(JAVA_LONG, 9 * chunk + COUNTS + 3, counts.truePositives);
    memory.setAtIndex(JAVA_LONG, 9 * chunk + FAULT, fault);
  }

  /** Adds the sums of all chunks, in index order. */
  LossTerms.Sums sums(long chunks) {
    return new LossTerms.Sums(sum(chunks, 0), sum(chunks, 1), sum(chunks, 2), sum(chunks, 3));
  }

  private double sum(long chunks, int which) {
    double sum = 0;
    for (long chunk = 0; chunk < chunks; chunk++) {
      sum += memory.getAtIndex(JAVA_DOUBLE, 9 * chunk + which);
    }
    return sum;
  }

  /** Adds the counts of all chunks to {tn, fp, fn, tp}. */
  void addCounts(long chunks, MemorySegment counts) {
    for (int which = 0; which < 4; which++) {
      long count = counts.getAtIndex(JAVA_LONG, which);
      for (long chunk = 0; chunk < chunks; chunk++) {
        count += memory.getAtIndex(JAVA_LONG, 9 * chunk + COUNTS + which);
      }
      counts.setAtIndex(JAVA_LONG, which, count);
    }
  }

  /** Returns the first fault of all chunks. */
  long fault(long chunks) {
    long fault = Long.MAX_VALUE;
    for (long chunk = 0; chunk < chunks; chunk++) {
      fault = Math.min(fault, memory.getAtIndex(JAVA_LONG, 9 * chunk + FAULT));
    }
    return fault;
  }
}
