package dev.quern.simd.loss;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.simd.confusion.Confusion;
import dev.quern.simd.loss.loops.LossBlock;
import dev.quern.spi.loss.LossSums;
import java.lang.foreign.MemorySegment;

/**
 * What the pieces of a fused loss leave in scratch memory: the sums of each of their classes, four
 * counts and the first fault.
 *
 * @param memory records of {@link #bytes}
 * @param width how many classes a piece has
 */
record LossPartials(MemorySegment memory, int width) {
  /** The size of a record. */
  static long bytes(int width) {
    return 8L * (width * LossSums.COUNT + 5);
  }

  private long at(long piece) {
    return piece * (width * LossSums.COUNT + 5);
  }

  private long countsAt(long piece) {
    int sums = width * LossSums.COUNT;
    return at(piece) + sums;
  }

  void set(long piece, LossBlock block) {
    int sums = width * LossSums.COUNT;
    MemorySegment.copy(block.sums(), 0, memory, JAVA_DOUBLE, 8 * at(piece), sums);
    Confusion counts = block.counts();
    long at = countsAt(piece);
    memory.setAtIndex(JAVA_LONG, at, counts.trueNegatives);
    memory.setAtIndex(JAVA_LONG, at + 1, counts.falsePositives);
    memory.setAtIndex(JAVA_LONG, at + 2, counts.falseNegatives);
    memory.setAtIndex(JAVA_LONG, at + 3, counts.truePositives);
    memory.setAtIndex(JAVA_LONG, at + 4, block.fault());
  }

  /** Adds the sums of all pieces to those of their segments, in index order. */
  void addSums(LossPieces pieces, double[] sums) {
    for (long piece = 0; piece < pieces.count(); piece++) {
      int to = pieces.segment(piece) * LossSums.COUNT;
      for (int i = 0; i < width * LossSums.COUNT; i++) {
        sums[to + i] += memory.getAtIndex(JAVA_DOUBLE, at(piece) + i);
      }
    }
  }

  /** Adds the counts of all pieces to {tn, fp, fn, tp}. */
  void addCounts(long pieces, MemorySegment counts) {
    for (int which = 0; which < 4; which++) {
      long count = counts.getAtIndex(JAVA_LONG, which);
      for (long piece = 0; piece < pieces; piece++) {
        count += memory.getAtIndex(JAVA_LONG, countsAt(piece) + which);
      }
      counts.setAtIndex(JAVA_LONG, which, count);
    }
  }

  /** Returns the first fault of all pieces. */
  long fault(long pieces) {
    long fault = Long.MAX_VALUE;
    for (long piece = 0; piece < pieces; piece++) {
      fault = Math.min(fault, memory.getAtIndex(JAVA_LONG, countsAt(piece) + 4));
    }
    return fault;
  }
}
