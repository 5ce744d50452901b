package dev.quern.simd.normalization;

import dev.quern.simd.reduction.ColumnLoops;
import dev.quern.simd.work.ColumnBlocks;
import java.lang.foreign.MemorySegment;

/**
 * Deviations and their squares, over the blocks of a piece. Each block of pixels is shifted by the
 * mean of its first few, so that little is left to cancel; the blocks of a piece are brought to the
 * shift of its first in f64.
 */
final class BlockStatistics {
  /** Pixels whose mean is the shift, at least: one alone may be far from the others. */
  private static final int SAMPLE = 16;

  private final ColumnBlocks blocks;
  private final int channels;
  private final MemorySegment x;

  BlockStatistics(ColumnBlocks blocks, MemorySegment x) {
    this.blocks = blocks;
    this.channels = blocks.columns();
    this.x = x;
  }

  /** Adds a block of the matrix that begins at a byte to the sums of the piece. */
  void add(ChannelScratch work, long at, long block, boolean first) {
    int rows = blocks.rows(block);
    sum(work, at + 4 * blocks.firstRow(block) * channels, rows);
    if (first) {
      for (int c = 0; c < channels; c++) {
        work.pieceShift[c] = work.shift[c];
      }
    }
    addBlock(work, rows);
  }

  private void sum(ChannelScratch work, long at, int rows) {
    int period = blocks.period();
    shift(work, at, rows);
    work.clear(blocks);
    int n = rows * channels;
    int whole = n / period;
    ChannelSumLoops.deviations(x, at, whole, period, work.shift, work.first, work.second);
    int rest = n - whole * period;
    if (rest > 0) {
      MemorySegment last = work.pad.atLeast(4L * period);
      MemorySegment.copy(MemorySegment.ofArray(work.shift), 0, last, 0, 4L * period);
      MemorySegment.copy(x, at + 4L * (n - rest), last, 0, 4L * rest);
      ChannelSumLoops.deviations(last, 0, 1, period, work.shift, work.first, work.second);
    }
    ColumnLoops.fold(work.first, period, work.blockFirst, channels);
    ColumnLoops.fold(work.second, period, work.blockSecond, channels);
  }

  private void shift(ChannelScratch work, long at, int rows) {
    int period = blocks.period();
    int sample = Math.min(rows, Math.max(SAMPLE, period / channels));
    work.clear(blocks);
    ColumnLoops.add(x, at, sample * channels, period, work.first, work.pad);
    ColumnLoops.fold(work.first, period, work.blockFirst, channels);
    for (int c = 0; c < channels; c++) {
      float mean = (float) (work.blockFirst[c] / sample);
      // a shift by infinity would make NaN of what is infinite itself
      work.shift[c] = Float.isFinite(mean) ? mean : 0;
    }
    ChannelConstants.repeat(work.shift, channels, period);
  }

  private void addBlock(ChannelScratch work, int rows) {
    for (int c = 0; c < channels; c++) {
      double distance = work.shift[c] - work.pieceShift[c];
      double sum = work.blockFirst[c];
      work.pieceFirst[c] += rows * distance + sum;
      work.pieceSecond[c] += work.blockSecond[c] + distance * (2 * sum + rows * distance);
    }
  }
}
