package dev.quern.bench.peers.loops;

import dev.quern.bench.peers.Side;
import dev.quern.bench.peers.Workload;
import java.util.Arrays;

/** Adam over the arrays of each tensor. */
final class AdamLoops implements Side {
  private static final float LR = 1e-3f;
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPS = 1e-8f;

  private final Sweep sweep;
  private final boolean amsgrad;
  private final float[][] parameters;
  private final float[][] gradients;
  private final float[][] expAvg;
  private final float[][] expAvgSq;
  private final float[][] maxExpAvgSq;
  private int step;

  AdamLoops(Workload work, Sweep sweep) {
    this.sweep = sweep;
    this.amsgrad = work.kind() == Workload.Kind.ADAM_AMSGRAD;
    int parts = work.parts();
    int length = work.elements() / parts;
    this.parameters = split(work.values(1), parts, length);
    this.gradients = split(work.values(2), parts, length);
    this.expAvg = new float[parts][length];
    this.expAvgSq = new float[parts][length];
    this.maxExpAvgSq = new float[parts][amsgrad ? length : 0];
  }

  private static float[][] split(float[] values, int parts, int length) {
    float[][] split = new float[parts][];
    for (int i = 0; i < parts; i++) {
      split[i] = Arrays.copyOfRange(values, i * length, (i + 1) * length);
    }
    return split;
  }

  @Override
  public void run() {
    step++;
    float stepSize = (float) (LR / (1 - Math.pow(BETA1, step)));
    float root = (float) Math.sqrt(1 - Math.pow(BETA2, step));
    for (int k = 0; k < parameters.length; k++) {
      float[] p = parameters[k];
      float[] g = gradients[k];
      float[] m = expAvg[k];
      float[] v = expAvgSq[k];
      float[] largest = maxExpAvgSq[k];
      if (amsgrad) {
        sweep.over(
            p.length, 0, (from, to, _) -> amsgrad(p, g, m, v, largest, stepSize, root, from, to));
      } else {
        sweep.over(p.length, 0, (from, to, _) -> adam(p, g, m, v, stepSize, root, from, to));
      }
    }
  }

  private static void adam(
      float[] p, float[] g, float[] m, float[] v, float stepSize, float root, int from, int to) {
    for (int i = from; i < to; i++) {
      m[i] = BETA1 * m[i] + (1 - BETA1) * g[i];
      v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] * g[i];
      p[i] -= stepSize * m[i] / ((float) Math.sqrt(v[i]) / root + EPS);
    }
  }

  private static void amsgrad(
      float[] p,
      float[] g,
      float[] m,
      float[] v,
      float[] largest,
      float stepSize,
      float root,
      int from,
      int to) {
    for (int i = from; i < to; i++) {
      m[i] = BETA1 * m[i] + (1 - BETA1) * g[i];
      v[i] = BETA2 * v[i] + (1 - BETA2) * g[i] * g[i];
      largest[i] = Math.max(largest[i], v[i]);
      p[i] -= stepSize * m[i] / ((float) Math.sqrt(largest[i]) / root + EPS);
    }
  }

  @Override
  public double[] results() {
    return new double[] {0, Side.norm(parameters)};
  }
}
