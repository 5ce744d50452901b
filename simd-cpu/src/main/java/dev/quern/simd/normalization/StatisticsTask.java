package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** Mean and sum of squared deviations of every channel over a piece. */
final class StatisticsTask extends Task {
  private final ColumnBlocks blocks;
  private final int channels;
  private final BlockStatistics statistics;
  private final MemorySegment partials;

  StatisticsTask(ColumnBlocks blocks, Span x, Span scratch) {
    this.blocks = blocks;
    this.channels = blocks.columns();
    this.statistics = new BlockStatistics(blocks, open(x));
    this.partials = open(scratch);
  }

  @Override
  public void run(long piece) {
    ChannelScratch work = ChannelScratch.of(blocks);
    long first = blocks.firstBlock(piece);
    long end = blocks.firstBlock(piece + 1);
    for (long block = first; block < end; block++) {
      statistics.add(work, 0, block, block == first);
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
