package dev.quern.simd.normalization;

import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.GrowingMemory;
import dev.quern.simd.work.ThreadScratch;
import java.util.Arrays;

/** What a thread needs to sum a block of pixels. */
final class ChannelScratch {
  private static final ThreadScratch<ChannelScratch> THREADS =
      new ThreadScratch<>(ChannelScratch::new);

  /** Accumulators, a period of each. */
  float[] first = {};

  float[] second = {};

  /** What is subtracted from every element, laid out over a period. */
  float[] shift = {};

  /** Sums of a block and of a piece, and the shift of the piece, for each channel. */
  double[] blockFirst = {};

  double[] blockSecond = {};
  double[] pieceFirst = {};
  double[] pieceSecond = {};
  double[] pieceShift = {};

  /** The last pixels, fewer than a period, with others behind them that change no sum. */
  final GrowingMemory pad = new GrowingMemory();

  final GrowingMemory secondPad = new GrowingMemory();

  private ChannelScratch() {}

  /** Returns the calling thread's, with the piece's sums 0. */
  static ChannelScratch of(ColumnBlocks blocks) {
    ChannelScratch scratch = THREADS.get();
    if (scratch.first.length < blocks.period()) {
      scratch.first = new float[blocks.period()];
      scratch.second = new float[blocks.period()];
      scratch.shift = new float[blocks.period()];
    }
    int channels = blocks.columns();
    if (scratch.blockFirst.length < channels) {
      scratch.blockFirst = new double[channels];
      scratch.blockSecond = new double[channels];
      scratch.pieceFirst = new double[channels];
      scratch.pieceSecond = new double[channels];
      scratch.pieceShift = new double[channels];
    }
    Arrays.fill(scratch.pieceFirst, 0, channels, 0);
    Arrays.fill(scratch.pieceSecond, 0, channels, 0);
    return scratch;
  }

  /** Makes the accumulators 0. */
  void clear(ColumnBlocks blocks) {
    Arrays.fill(first, 0, blocks.period(), 0);
    Arrays.fill(second, 0, blocks.period(), 0);
    Arrays.fill(blockFirst, 0, blocks.columns(), 0);
    Arrays.fill(blockSecond, 0, blocks.columns(), 0);
  }
}
