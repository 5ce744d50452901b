package dev.quern.simd.optim;

import dev.quern.simd.math.VectorMath;
import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.spi.optim.SgdCoefficients;
import org.jspecify.annotations.Nullable;

/** An SGD step over whole arrays, a chunk a piece; tails are padded to a vector. */
public final class ArraySgd extends Task {
  private final float[] parameters;
  private final float[] gradients;
  private final float @Nullable [] buffer;
  private final SgdCoefficients c;

  /** {@code buffer} is given exactly with momentum. */
  public ArraySgd(
      float[] parameters, float[] gradients, float @Nullable [] buffer, SgdCoefficients c) {
    this.parameters = parameters;
    this.gradients = gradients;
    this.buffer = buffer;
    this.c = c;
  }

  @Override
  public void run(long piece) {
    int first = (int) Chunks.start(piece);
    int n = Chunks.length(piece, parameters.length);
    int whole = n - n % VectorMath.LANES;
    SgdLoops.update(c, parameters, gradients, first, buffer, first, whole);
    if (whole < n) {
      tail(first + whole, n - whole);
    }
  }

  private void tail(int at, int n) {
    float[][] pads = StepScratch.current().arrayTails;
    System.arraycopy(parameters, at, pads[0], 0, n);
    System.arraycopy(gradients, at, pads[1], 0, n);
    float[] bufferPad = null;
    if (buffer != null) {
      bufferPad = pads[2];
      System.arraycopy(buffer, at, bufferPad, 0, n);
    }
    SgdLoops.update(c, pads[0], pads[1], 0, bufferPad, 0, VectorMath.LANES);
    System.arraycopy(pads[0], 0, parameters, at, n);
    if (buffer != null && bufferPad != null) {
      System.arraycopy(bufferPad, 0, buffer, at, n);
    }
  }
}
