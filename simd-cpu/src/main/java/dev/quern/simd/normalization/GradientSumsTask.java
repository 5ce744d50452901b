package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.quern.simd.reduction.ColumnLoops;
import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/** Sums of the gradient, and of the gradient times the normalized value, over a piece. */
final class GradientSumsTask extends Task {
  private final ColumnBlocks blocks;
  private final int channels;
  private final float limit;
  private final ChannelConstants constants;
  private final MemorySegment gradient;
  private final MemorySegment x;
  private final MemorySegment partials;

  GradientSumsTask(
      ColumnBlocks blocks,
      boolean relu,
      ChannelConstants constants,
      Span gradient,
      Span x,
      Span scratch) {
    this.blocks = blocks;
    this.channels = blocks.columns();
    this.limit = ChannelLoops.limit(relu);
    this.constants = constants;
    this.gradient = open(gradient);
    this.x = open(x);
    this.partials = open(scratch);
  }

  @Override
  public void run(long piece) {
    ChannelScratch work = ChannelScratch.of(blocks);
    for (long b = blocks.firstBlock(piece); b < blocks.firstBlock(piece + 1); b++) {
      work.clear(blocks);
      sum(work, 4 * blocks.firstRow(b) * channels, blocks.rows(b) * channels);
      ColumnLoops.fold(work.first, blocks.period(), work.pieceFirst, channels);
      ColumnLoops.fold(work.second, blocks.period(), work.pieceSecond, channels);
    }
    long at = 16 * piece * channels;
    for (int c = 0; c < channels; c++) {
      partials.set(JAVA_DOUBLE, at + 8L * c, work.pieceFirst[c]);
      partials.set(JAVA_DOUBLE, at + 8L * (channels + c), work.pieceSecond[c]);
    }
  }

  /** The last pixels, fewer than a period, have others behind them with a gradient of 0. */
  private void sum(ChannelScratch work, long at, int n) {
    int period = blocks.period();
    int whole = n / period;
    rows(gradient, x, at, whole, work);
    int rest = n - whole * period;
    if (rest > 0) {
      MemorySegment last = work.pad.atLeast(4L * period);
      MemorySegment lastX = work.secondPad.atLeast(4L * period);
      last.fill((byte) 0);
      MemorySegment.copy(MemorySegment.ofArray(constants.mean), 0, lastX, 0, 4L * period);
      MemorySegment.copy(gradient, at + 4L * (n - rest), last, 0, 4L * rest);
      MemorySegment.copy(x, at + 4L * (n - rest), lastX, 0, 4L * rest);
      rows(last, lastX, 0, 1, work);
    }
  }

  private void rows(MemorySegment g, MemorySegment v, long at, int rows, ChannelScratch work) {
    ChannelSumLoops.gradients(
        g, v, at, rows, blocks.period(), limit, constants, work.first, work.second);
  }

  /** Adds the pieces: the sums of the gradient, and of its products. */
  void merge(double[] gradients, double[] products) {
    for (long piece = 0; piece < blocks.pieces(); piece++) {
      long at = 16 * piece * channels;
      for (int c = 0; c < channels; c++) {
        gradients[c] += partials.get(JAVA_DOUBLE, at + 8L * c);
        products[c] += partials.get(JAVA_DOUBLE, at + 8L * (channels + c));
      }
    }
  }
}
