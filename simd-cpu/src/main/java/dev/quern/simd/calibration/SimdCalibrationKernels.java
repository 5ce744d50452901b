package dev.quern.simd.calibration;

import static dev.quern.simd.math.VectorMath.LANES;
import static dev.quern.simd.math.VectorMath.SPECIES;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.ThreadScratch;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Span;
import dev.quern.spi.tensor.CalibrationKernels;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Chains of fma, eight vectors at once: as many as two pipes with a latency of four keep under way.
 * A chunk a piece, worked on in scratch memory, whose end pads the tail. An element depends on
 * itself only, so nothing can depend on threads or width.
 */
public final class SimdCalibrationKernels implements CalibrationKernels {
  private static final ThreadScratch<float[]> CHAINS =
      new ThreadScratch<>(() -> new float[Chunks.SIZE]);

  private final WorkerPool pool;

  public SimdCalibrationKernels(WorkerPool pool) {
    this.pool = pool;
  }

  @Override
  public void fmaChains(Span data, int length) {
    pool.run(new Chains(data, length), Chunks.count(data.length()), 4);
  }

  private static final class Chains extends Task {
    private final MemorySegment data;
    private final long elements;
    private final int length;

    Chains(Span data, int length) {
      this.data = open(data);
      this.elements = data.length();
      this.length = length;
    }

    @Override
    public void run(long piece) {
      int n = Chunks.length(piece, elements);
      float[] x = CHAINS.get();
      MemorySegment.copy(data, 4 * Chunks.start(piece), MemorySegment.ofArray(x), 0, 4L * n);
      for (int i = 0; i < n; i += 8 * LANES) {
        eight(x, i, length);
      }
      MemorySegment.copy(MemorySegment.ofArray(x), 0, data, 4 * Chunks.start(piece), 4L * n);
    }
  }

  private static void eight(float[] x, int i, int length) {
    FloatVector factor = FloatVector.broadcast(SPECIES, FACTOR);
    FloatVector addend = FloatVector.broadcast(SPECIES, ADDEND);
    FloatVector x0 = FloatVector.fromArray(SPECIES, x, i);
    FloatVector x1 = FloatVector.fromArray(SPECIES, x, i + LANES);
    FloatVector x2 = FloatVector.fromArray(SPECIES, x, i + 2 * LANES);
    FloatVector x3 = FloatVector.fromArray(SPECIES, x, i + 3 * LANES);
    FloatVector x4 = FloatVector.fromArray(SPECIES, x, i + 4 * LANES);
    FloatVector x5 = FloatVector.fromArray(SPECIES, x, i + 5 * LANES);
    FloatVector x6 = FloatVector.fromArray(SPECIES, x, i + 6 * LANES);
    FloatVector x7 = FloatVector.fromArray(SPECIES, x, i + 7 * LANES);
    for (int k = 0; k < length; k++) {
      x0 = x0.fma(factor, addend);
      x1 = x1.fma(factor, addend);
      x2 = x2.fma(factor, addend);
      x3 = x3.fma(factor, addend);
      x4 = x4.fma(factor, addend);
      x5 = x5.fma(factor, addend);
      x6 = x6.fma(factor, addend);
      x7 = x7.fma(factor, addend);
    }
    x0.intoArray(x, i);
    x1.intoArray(x, i + LANES);
    x2.intoArray(x, i + 2 * LANES);
    x3.intoArray(x, i + 3 * LANES);
    x4.intoArray(x, i + 4 * LANES);
    x5.intoArray(x, i + 5 * LANES);
    x6.intoArray(x, i + 6 * LANES);
    x7.intoArray(x, i + 7 * LANES);
  }
}
