package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.quern.simd.reduction.ColumnLoops;
import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.Task;
import dev.quern.spi.Span;
import java.lang.foreign.MemorySegment;

/**
 * The normalization of rows, and its gradient; a piece is some rows. A row is summed as a batch
 * normalization sums the pixels of one channel.
 */
final class Standardize {
  /** Elements of a piece, about. */
  private static final long PIECE = 1 << 14;

  private Standardize() {}

  /** Rows of a piece, and how each is cut. */
  abstract static class Rows extends Task {
    final long rows;
    final long columns;
    final ColumnBlocks blocks;
    private final long rowsPerPiece;

    Rows(long rows, long columns) {
      this.rows = rows;
      this.columns = columns;
      this.blocks = ColumnBlocks.of(columns, 1);
      this.rowsPerPiece = Math.max(1, PIECE / columns);
    }

    final long pieces() {
      return Math.ceilDiv(rows, rowsPerPiece);
    }

    @Override
    public final void run(long piece) {
      long end = Math.min(rows, (piece + 1) * rowsPerPiece);
      for (long row = piece * rowsPerPiece; row < end; row++) {
        row(row, ChannelScratch.of(blocks));
      }
    }

    abstract void row(long row, ChannelScratch work);
  }

  /** The function. */
  static final class Forward extends Rows {
    private final float epsilon;
    private final BlockStatistics statistics;
    private final MemorySegment x;
    private final MemorySegment out;
    private final MemorySegment inverses;

    Forward(long rows, long columns, float epsilon, Span x, Span out, Span inverse) {
      super(rows, columns);
      this.epsilon = epsilon;
      this.x = open(x);
      this.statistics = new BlockStatistics(blocks, this.x);
      this.out = open(out);
      this.inverses = open(inverse);
    }

    @Override
    void row(long row, ChannelScratch work) {
      long at = 4 * row * columns;
      for (long block = 0; block < blocks.blocks(); block++) {
        statistics.add(work, at, block, block == 0);
      }
      double sum = work.pieceFirst[0];
      double mean = work.pieceShift[0] + sum / columns;
      double squares = Math.max(0, work.pieceSecond[0] - sum * sum / columns);
      float inverse = (float) (1 / Math.sqrt(squares / columns + epsilon));
      inverses.setAtIndex(JAVA_FLOAT_UNALIGNED, row, inverse);
      float rounded = (float) mean;
      float rest = (float) (mean - rounded);
      for (long block = 0; block < blocks.blocks(); block++) {
        long from = at + 4 * blocks.firstRow(block);
        RowLoops.standardize(x, out, from, blocks.rows(block), rounded, rest, inverse);
      }
    }
  }

  /** The gradient. */
  static final class Gradient extends Rows {
    private final MemorySegment gradient;
    private final MemorySegment y;
    private final MemorySegment inverses;
    private final MemorySegment out;

    Gradient(long rows, long columns, Span gradient, Span y, Span inverse, Span out) {
      super(rows, columns);
      this.gradient = open(gradient);
      this.y = open(y);
      this.inverses = open(inverse);
      this.out = open(out);
    }

    @Override
    void row(long row, ChannelScratch work) {
      long at = 4 * row * columns;
      for (long block = 0; block < blocks.blocks(); block++) {
        work.clear(blocks);
        add(work, at + 4 * blocks.firstRow(block), blocks.rows(block));
        ColumnLoops.fold(work.first, blocks.period(), work.pieceFirst, 1);
        ColumnLoops.fold(work.second, blocks.period(), work.pieceSecond, 1);
      }
      float mean = (float) (work.pieceFirst[0] / columns);
      float product = (float) (work.pieceSecond[0] / columns);
      float inverse = inverses.getAtIndex(JAVA_FLOAT_UNALIGNED, row);
      for (long block = 0; block < blocks.blocks(); block++) {
        long from = at + 4 * blocks.firstRow(block);
        int n = blocks.rows(block);
        RowLoops.gradient(gradient, y, out, from, n, mean, product, inverse);
      }
    }

    private void add(ChannelScratch work, long at, int n) {
      int period = blocks.period();
      int whole = n / period;
      RowLoops.gradients(gradient, y, at, whole, period, work.first, work.second);
      int rest = n - whole * period;
      if (rest > 0) {
        MemorySegment last = work.pad.atLeast(4L * period);
        MemorySegment lastY = work.secondPad.atLeast(4L * period);
        last.fill((byte) 0);
        lastY.fill((byte) 0);
        MemorySegment.copy(gradient, at + 4L * (n - rest), last, 0, 4L * rest);
        MemorySegment.copy(y, at + 4L * (n - rest), lastY, 0, 4L * rest);
        RowLoops.gradients(last, lastY, 0, 1, period, work.first, work.second);
      }
    }
  }
}
