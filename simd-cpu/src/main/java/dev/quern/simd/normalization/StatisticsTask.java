package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.quern.simd.reduction.ColumnLoops;
import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/**
 * Mean and sum of squared deviations of every channel over a piece. Each block of pixels is shifted
 * by the mean of its first few, so that little is left to cancel; the blocks of a piece are brought
 * to the shift of its first in f64.
 */
final class StatisticsTask extends Task {
  /** Pixels whose mean is the shift, at least: one alone may be far from the others. */
  private static final int SAMPLE = 16;

  private final ColumnBlocks blocks;
  private final int channels;
  private final MemorySegment x;
  private final MemorySegment partials;

  StatisticsTask(ColumnBlocks blocks, Span x, Span scratch) {
    this.blocks = blocks;
    this.channels = blocks.columns();
    this.x = open(x);
    this.partials = open(scratch);
  }

  @Override
  public void run(long piece) {
    ChannelScratch work = ChannelScratch.of(blocks);
    long first = blocks.firstBlock(piece);
    long end = blocks.firstBlock(piece + 1);
    for (long block = first; block < end; block++) {
      int rows = blocks.rows(block);
      sum(work, 4 * blocks.firstRow(block) * channels, rows);
      if (block == first) {
        for (int c = 0; c < channels; c++) {
          work.pieceShift[c] = work.shift[c];
        }
      }
      addBlock(work, rows);
    }
    long count = pixels(piece);
    long at = 16 * piece * channels;
    for (int c = 0; c < channels; c++) {
      double sum = work.pieceFirst[c];
      double squares = work.pieceSecond[c] - sum * sum / count;
      partials.set(JAVA_DOUBLE, at + 8L * c, work.pieceShift[c] + sum / count);
      partials.set(JAVA_DOUBLE, at + 8L * (channels + c), Math.max(0, squares));
    }
  }

  private long pixels(long piece) {
    long end = Math.min(blocks.rows(), blocks.firstRow(blocks.firstBlock(piece + 1)));
    return end - blocks.firstRow(blocks.firstBlock(piece));
  }

  /** Sums a block's deviations and their squares. */
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

  /** Merges the pieces: the means of the channels, and their squared deviations. */
  void merge(double[] means, double[] squares) {
    for (long piece = 0; piece < blocks.pieces(); piece++) {
      double share = (double) pixels(piece) / blocks.rows();
      for (int c = 0; c < channels; c++) {
        means[c] += share * partials.get(JAVA_DOUBLE, 16 * piece * channels + 8L * c);
      }
    }
    for (long piece = 0; piece < blocks.pieces(); piece++) {
      long at = 16 * piece * channels;
      for (int c = 0; c < channels; c++) {
        double distance = partials.get(JAVA_DOUBLE, at + 8L * c) - means[c];
        squares[c] +=
            partials.get(JAVA_DOUBLE, at + 8L * (channels + c))
                + pixels(piece) * distance * distance;
      }
    }
  }
}
