package dev.quern.simd.optim;

import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.OptimizerFlags;
import org.jspecify.annotations.Nullable;

/** An Adam step over whole arrays, a chunk a piece; tails are padded to a vector. */
public final class ArrayAdam extends Task {
  private final float[] parameters;
  private final float[] gradients;
  private final float[] expAvg;
  private final float[] expAvgSq;
  private final float @Nullable [] max;
  private final AdamCoefficients c;
  private final AdamCoefficients prepared;

  /** {@code max} is given exactly with amsgrad. */
  public ArrayAdam(
      float[] parameters,
      float[] gradients,
      float[] expAvg,
      float[] expAvgSq,
      float @Nullable [] max,
      AdamCoefficients c) {
    this.parameters = parameters;
    this.gradients = gradients;
    this.expAvg = expAvg;
    this.expAvgSq = expAvgSq;
    this.max = max;
    this.c = c;
    this.prepared = c.prepared();
  }

  @Override
  public void run(long piece) {
    int first = (int) Chunks.start(piece);
    int n = Chunks.length(piece, parameters.length);
    int whole = n - n % VectorMath.LANES;
    update(parameters, gradients, expAvg, expAvgSq, max, first, whole);
    if (whole < n) {
      tail(first + whole, n - whole);
    }
  }

  private void update(
      float[] p, float[] g, float[] m, float[] v, float @Nullable [] r, int at, int n) {
    if (c.has(OptimizerFlags.L1)) {
      float[] stage = StepScratch.current().arrayGradients;
      float bound = Float.POSITIVE_INFINITY;
      StepLoops.prepare(c.gradientUnit(), c.gradientFactor(), bound, c.l1(), p, g, at, stage, n);
      AdamLoops.update(prepared, p, stage, 0, m, v, r, at, n);
    } else {
      AdamLoops.update(c, p, g, at, m, v, r, at, n);
    }
    if (c.has(OptimizerFlags.PROXIMAL_L1)) {
      StepLoops.softThreshold(c.threshold(), p, at, n);
    }
  }

  private void tail(int at, int n) {
    float[][] pads = StepScratch.current().arrayTails;
    System.arraycopy(parameters, at, pads[0], 0, n);
    System.arraycopy(gradients, at, pads[1], 0, n);
    System.arraycopy(expAvg, at, pads[2], 0, n);
    System.arraycopy(expAvgSq, at, pads[3], 0, n);
    float[] maxPad = null;
    if (max != null) {
      maxPad = pads[4];
      System.arraycopy(max, at, maxPad, 0, n);
    }
    update(pads[0], pads[1], pads[2], pads[3], maxPad, 0, VectorMath.LANES);
    System.arraycopy(pads[0], 0, parameters, at, n);
    System.arraycopy(pads[2], 0, expAvg, at, n);
    System.arraycopy(pads[3], 0, expAvgSq, at, n);
    if (max != null && maxPad != null) {
      System.arraycopy(maxPad, 0, max, at, n);
    }
  }
}
