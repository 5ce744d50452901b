package dev.quern.simd.loss;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.simd.loss.loops.LossBlock;
import dev.quern.simd.loss.loops.LossInputs;
import dev.quern.simd.loss.loops.LossOptions;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.GrowingMemory;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossEpilogue;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossSums;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Any weighted sum of segmentation losses in two passes over inputs and target, or in one where the
 * divisors are known beforehand. Pass 1 leaves the sums of every piece (see {@link LossPieces});
 * the caller adds them by index and derives value and coefficients; pass 2 writes the gradient. A
 * piece goes through scratch memory in blocks that stay in the cache, each through a list of short
 * loops ({@link LossPasses}). The exponentials are computed once: pass 1 leaves the probabilities
 * where pass 2 will write the gradient. Inside a piece element i goes to f32 accumulator i modulo
 * {@link LossBlock#ROW}, across accumulators, blocks and pieces sums are f64 in index order, so
 * neither threads nor vector width can change a bit. Tails are padded with elements that add
 * exactly 0.
 */
public final class SimdFusedLoss implements FusedLossPlan {
  /** Elements below which the caller works alone: about 20 microseconds of both passes. */
  private static final long INLINE_BELOW = 4L * Chunks.SIZE;

  /** What the pieces of a one-call form leave. */
  private static final ThreadScratch<GrowingMemory> PARTIALS =
      new ThreadScratch<>(GrowingMemory::new);

  private final FusedLossSpec spec;
  private final LossOptions options;
  private final LossPasses passes;
  private final LossPasses inNativeMemory;
  private final LossEpilogue epilogue;
  private final WorkerPool pool;

  SimdFusedLoss(FusedLossSpec spec, WorkerPool pool) {
    this.spec = spec;
    this.options = new LossOptions(spec);
    this.passes = LossPasses.of(options);
    this.inNativeMemory = LossPasses.inNativeMemory(options);
    this.epilogue = new LossEpilogue(spec);
    this.pool = pool;
  }

  @Override
  public FusedLossSpec spec() {
    return spec;
  }

  @Override
  public long scratchBytes(LossExtent extent) {
    return scratchBytes(new LossPieces(spec, extent));
  }

  private static long scratchBytes(LossPieces pieces) {
    return Math.max(1, pieces.count()) * LossPartials.bytes(pieces.width());
  }

  @Override
  public void forward(
      LossOperands operands, Span value, @Nullable Span counts, Span fault, Span scratch) {
    Run run = new Run(operands, null, HostBuffer.segment(scratch));
    float result = run.compute(0, segment(counts));
    run.report(fault);
    HostBuffer.segment(value).set(JAVA_FLOAT, 0, result);
  }

  @Override
  public void forwardBackward(
      LossOperands operands,
      Span upstream,
      Span value,
      Span gradient,
      @Nullable Span counts,
      Span fault,
      Span scratch) {
    float factor = HostBuffer.segment(upstream).get(JAVA_FLOAT, 0);
    Run run = new Run(operands, HostBuffer.segment(gradient), HostBuffer.segment(scratch));
    float result = run.compute(factor, segment(counts));
    run.report(fault);
    HostBuffer.segment(value).set(JAVA_FLOAT, 0, result);
  }

  @Override
  public void losses(LossOperands operands, Span losses, Span fault, Span scratch) {
    Run run = new Run(operands, HostBuffer.segment(losses), HostBuffer.segment(scratch));
    run.pass(LossPasses::losses, new float[0]);
    run.report(fault);
  }

  private static @Nullable MemorySegment segment(@Nullable Span span) {
    return span == null ? null : HostBuffer.segment(span);
  }

  /** The one-call form, on any memory. */
  public ArrayKernels.Result compute(
      LossExtent extent,
      MemorySegment x,
      MemorySegment t,
      float upstream,
      @Nullable MemorySegment gradient,
      long @Nullable [] counts) {
    LossPieces pieces = new LossPieces(spec, extent);
    MemorySegment scratch = PARTIALS.get().atLeast(scratchBytes(pieces));
    Run run = new Run(extent, pieces, x, t, null, gradient, scratch);
    float value = run.compute(upstream, counts == null ? null : MemorySegment.ofArray(counts));
    return new ArrayKernels.Result(value, run.firstFault);
  }

  /** One call. */
  private final class Run {
    private final LossExtent extent;
    final LossPieces pieces;
    private final LossInputs inputs;
    private final LossPartials partials;
    private long firstFault = Long.MAX_VALUE;

    Run(LossOperands operands, @Nullable MemorySegment out, MemorySegment scratch) {
      this(
          operands.extent(),
          new LossPieces(spec, operands.extent()),
          HostBuffer.segment(operands.logits()),
          HostBuffer.segment(operands.target()),
          segment(operands.weight()),
          out,
          scratch);
    }

    Run(
        LossExtent extent,
        LossPieces pieces,
        MemorySegment x,
        MemorySegment t,
        @Nullable MemorySegment w,
        @Nullable MemorySegment out,
        MemorySegment scratch) {
      this.extent = extent;
      this.pieces = pieces;
      this.inputs = new LossInputs(x, t, spec.targetDtype(), w, out, pieces.pixels());
      this.partials = new LossPartials(scratch, pieces.width());
    }

    float compute(float upstream, @Nullable MemorySegment counts) {
      float[] coefficients = new float[pieces.segments() * LossCoefficients.COUNT];
      double[] sums = new double[pieces.segments() * LossSums.COUNT];
      boolean backward = inputs.out() != null;
      boolean onePass = backward && spec.isOnePass();
      if (onePass) {
        epilogue.applyBeforehand(extent, upstream, sums, coefficients);
      }
      // none of them captures anything, and so makes an object
      Function<LossPasses, Pass> first =
          onePass ? LossPasses::both : backward ? LossPasses::first : LossPasses::value;
      pass(first, coefficients);
      partials.addSums(pieces, sums);
      if (counts != null) {
        partials.addCounts(pieces.count(), counts);
      }
      float value =
          epilogue.apply(sums, pieces.segmentImages(), extent.elements(), upstream, coefficients);
      if (backward && !onePass) {
        pass(LossPasses::second, coefficients);
      }
      return value;
    }

    void report(Span fault) {
      MemorySegment word = HostBuffer.segment(fault);
      word.set(JAVA_LONG, 0, Math.min(word.get(JAVA_LONG, 0), firstFault));
    }

    private void pass(Function<LossPasses, Pass> which, float[] coefficients) {
      Pass padded = which.apply(passes);
      Pass whole = inputs.isNative() ? which.apply(inNativeMemory) : padded;
      PassTask task = new PassTask(this, padded, whole, coefficients);
      long count = pieces.count();
      pool.run(task, count, extent.elements() < INLINE_BELOW ? count + 1 : 0);
      // every pass finds the same
      firstFault = partials.fault(count);
    }
  }

  /** One pass over all pieces. */
  private final class PassTask extends Task {
    private final Run run;

    /** Over blocks that need padding, and over whole ones. */
    private final Pass padded;

    private final Pass whole;
    private final float[] coefficients;

    PassTask(Run run, Pass padded, Pass whole, float[] coefficients) {
      this.run = run;
      this.padded = padded;
      this.whole = whole;
      this.coefficients = coefficients;
      confine(run.inputs.x());
      confine(run.inputs.t());
      confine(run.inputs.w());
      confine(run.inputs.out());
      confine(run.partials.memory());
    }

    @Override
    public void run(long piece) {
      LossPieces pieces = run.pieces;
      LossBlock block = LossBlock.current();
      block.beginPiece(
          options, run.inputs, coefficients, pieces.segment(piece), pieces.firstClass(piece));
      long inputAt = pieces.inputAt(piece);
      long targetAt = pieces.targetAt(piece, spec.layout() == Layout.LABELS);
      long lossAt = pieces.targetAt(piece, !options.elements);
      int length = pieces.length(piece);
      int size = LossBlock.size(options);
      for (int at = 0; at < length; at += size) {
        block.begin(inputAt + at, targetAt + at, lossAt + at, Math.min(size, length - at));
        (block.isWhole() ? whole : padded).apply(block);
      }
      block.endPiece();
      run.partials.set(piece, block);
    }
  }
}
