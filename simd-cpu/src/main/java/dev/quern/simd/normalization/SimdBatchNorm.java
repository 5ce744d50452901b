package dev.quern.simd.normalization;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.quern.simd.work.ColumnBlocks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.spatial.BatchNormPlan;
import dev.quern.spi.spatial.BatchNormSpec;
import java.lang.foreign.MemorySegment;

/**
 * Batch normalization: passes over blocks of pixels ({@link ColumnBlocks}). Statistics and sums of
 * the gradient are f32 inside a block and f64 across; what is written is computed element by
 * element. So neither threads nor width can change a bit.
 */
record SimdBatchNorm(BatchNormSpec spec, WorkerPool pool) implements BatchNormPlan {
  @Override
  public long scratchBytes(long pixels, long channels) {
    return Math.max(1, 16 * channels * ColumnBlocks.of(pixels, channels).pieces());
  }

  @Override
  public void statistics(long pixels, long channels, Span x, Span statistics, Span scratch) {
    ColumnBlocks blocks = ColumnBlocks.of(pixels, channels);
    StatisticsTask task = new StatisticsTask(blocks, x, scratch);
    pool.run(task, blocks.pieces(), blocks.inlineBelow());
    ChannelScratch work = ChannelScratch.of(blocks);
    task.merge(work.pieceFirst, work.pieceSecond);
    MemorySegment out = HostBuffer.segment(statistics);
    for (int c = 0; c < channels; c++) {
      double variance = work.pieceSecond[c] / Math.max(1, pixels);
      set(out, channels, c, work.pieceFirst[c], variance);
    }
  }

  @Override
  public void constants(long channels, Span mean, Span variance, Span statistics) {
    MemorySegment means = HostBuffer.segment(mean);
    MemorySegment variances = HostBuffer.segment(variance);
    MemorySegment out = HostBuffer.segment(statistics);
    for (long c = 0; c < channels; c++) {
      set(out, channels, c, get(means, c), get(variances, c));
    }
  }

  private void set(MemorySegment statistics, long channels, long c, double mean, double variance) {
    float rounded = (float) mean;
    statistics.setAtIndex(JAVA_FLOAT_UNALIGNED, c, rounded);
    statistics.setAtIndex(JAVA_FLOAT_UNALIGNED, channels + c, (float) (mean - rounded));
    statistics.setAtIndex(JAVA_FLOAT_UNALIGNED, 2 * channels + c, (float) variance);
    double inverse = 1 / Math.sqrt(variance + spec.epsilon());
    statistics.setAtIndex(JAVA_FLOAT_UNALIGNED, 3 * channels + c, (float) inverse);
  }

  private static double get(MemorySegment segment, long index) {
    return segment.getAtIndex(JAVA_FLOAT_UNALIGNED, index);
  }

  @Override
  public void track(
      long pixels,
      long channels,
      float momentum,
      Span statistics,
      Span mean,
      Span variance,
      Span batches) {
    MemorySegment batch = HostBuffer.segment(statistics);
    MemorySegment means = HostBuffer.segment(mean);
    MemorySegment variances = HostBuffer.segment(variance);
    double sample = (double) pixels / Math.max(1, pixels - 1);
    double kept = 1 - (double) momentum;
    for (long c = 0; c < channels; c++) {
      double center = get(batch, c) + get(batch, channels + c);
      double spread = get(batch, 2 * channels + c) * sample;
      means.setAtIndex(JAVA_FLOAT_UNALIGNED, c, (float) (kept * get(means, c) + momentum * center));
      variances.setAtIndex(
          JAVA_FLOAT_UNALIGNED, c, (float) (kept * get(variances, c) + momentum * spread));
    }
    MemorySegment count = HostBuffer.segment(batches);
    count.set(JAVA_LONG_UNALIGNED, 0, count.get(JAVA_LONG_UNALIGNED, 0) + 1);
  }

  @Override
  public void forward(
      long pixels, long channels, Span x, Span statistics, Span weight, Span bias, Span out) {
    ColumnBlocks blocks = ColumnBlocks.of(pixels, channels);
    ChannelConstants constants = constants(blocks, statistics, weight, bias);
    run(new Forward(blocks, spec, constants, x, out), blocks);
  }

  private static ChannelConstants constants(
      ColumnBlocks blocks, Span statistics, Span weight, Span bias) {
    return ChannelConstants.of(
        blocks,
        HostBuffer.segment(statistics),
        HostBuffer.segment(weight),
        HostBuffer.segment(bias));
  }

  private void run(Task task, ColumnBlocks blocks) {
    pool.run(task, blocks.blocks(), blocks.inlineBelow());
  }

  @Override
  public void backward(
      long pixels,
      long channels,
      Span gradient,
      Span x,
      Span statistics,
      Span weight,
      Span bias,
      Span out,
      Span weightGradient,
      Span biasGradient,
      Span scratch) {
    ColumnBlocks blocks = ColumnBlocks.of(pixels, channels);
    ChannelConstants constants = constants(blocks, statistics, weight, bias);
    GradientSumsTask sums =
        new GradientSumsTask(blocks, spec.relu(), constants, gradient, x, scratch);
    pool.run(sums, blocks.pieces(), blocks.inlineBelow());
    ChannelScratch work = ChannelScratch.of(blocks);
    sums.merge(work.pieceFirst, work.pieceSecond);
    MemorySegment weights = HostBuffer.segment(weightGradient);
    MemorySegment biases = HostBuffer.segment(biasGradient);
    for (int c = 0; c < channels; c++) {
      weights.setAtIndex(JAVA_FLOAT_UNALIGNED, c, (float) work.pieceSecond[c]);
      biases.setAtIndex(JAVA_FLOAT_UNALIGNED, c, (float) work.pieceFirst[c]);
    }
    constants.subtracted(work.pieceFirst, work.pieceSecond, blocks.columns(), (double) pixels);
    run(new Backward(blocks, spec, constants, gradient, x, out), blocks);
  }

  /** A block of the result. */
  private static final class Forward extends Task {
    private final ColumnBlocks blocks;
    private final boolean relu;
    private final ChannelConstants constants;
    private final MemorySegment x;
    private final MemorySegment out;

    Forward(ColumnBlocks blocks, BatchNormSpec spec, ChannelConstants constants, Span x, Span out) {
      this.blocks = blocks;
      this.relu = spec.relu();
      this.constants = constants;
      this.x = open(x);
      this.out = open(out);
    }

    @Override
    public void run(long piece) {
      long at = 4 * blocks.firstRow(piece) * blocks.columns();
      ChannelLoops.forward(x, out, at, blocks.rows(piece) * blocks.columns(), relu, constants);
    }
  }

  /** A block of the gradient of the data. */
  private static final class Backward extends Task {
    private final ColumnBlocks blocks;
    private final BatchNormSpec spec;
    private final ChannelConstants constants;
    private final MemorySegment gradient;
    private final MemorySegment x;
    private final MemorySegment out;

    Backward(
        ColumnBlocks blocks,
        BatchNormSpec spec,
        ChannelConstants constants,
        Span gradient,
        Span x,
        Span out) {
      this.blocks = blocks;
      this.spec = spec;
      this.constants = constants;
      this.gradient = open(gradient);
      this.x = open(x);
      this.out = open(out);
    }

    @Override
    public void run(long piece) {
      long at = 4 * blocks.firstRow(piece) * blocks.columns();
      int n = blocks.rows(piece) * blocks.columns();
      ChannelLoops.backward(gradient, x, out, at, n, spec.relu(), spec.training(), constants);
    }
  }
}
