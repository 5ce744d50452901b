package dev.quern.bench.peers.loops;

/** Losses whose pixels do not depend on each other, and the IoU. */
final class PixelLoops {
  private PixelLoops() {}

  static double bce(Sweep sweep, float[] logits, float[] target, float[] gradient) {
    int n = logits.length;
    double[] sums =
        sweep.over(
            n,
            1,
            (from, to, sum) -> {
              double loss = 0;
              for (int i = from; i < to; i++) {
                float x = logits[i];
                float t = target[i];
                double e = Math.exp(-Math.abs(x));
                double p = x >= 0 ? 1 / (1 + e) : e / (1 + e);
                loss += Math.max(x, 0) - x * t + Math.log1p(e);
                gradient[i] = (float) ((p - t) / n);
              }
              sum[0] = loss;
            });
    return sums[0] / n;
  }

  static double focal(Sweep sweep, double gamma, float[] logits, float[] target, float[] gradient) {
    int n = logits.length;
    double[] sums =
        sweep.over(
            n,
            1,
            (from, to, sum) -> {
              double loss = 0;
              for (int i = from; i < to; i++) {
                float x = logits[i];
                float t = target[i];
                double e = Math.exp(-Math.abs(x));
                double p = x >= 0 ? 1 / (1 + e) : e / (1 + e);
                double l = Math.max(x, 0) - x * t + Math.log1p(e);
                double q = Math.exp(-l);
                double power = gamma == 2 ? 1 - q : Math.pow(1 - q, gamma - 1);
                loss += power * (1 - q) * l;
                gradient[i] = (float) (power * (gamma * q * l + 1 - q) * (p - t) / n);
              }
              sum[0] = loss;
            });
    return sums[0] / n;
  }

  static double iou(Sweep sweep, float[] logits, byte[] labels) {
    double[] sums =
        sweep.over(
            logits.length,
            3,
            (from, to, sum) -> {
              int both = 0;
              int predicted = 0;
              int labelled = 0;
              for (int i = from; i < to; i++) {
                int p = logits[i] > 0 ? 1 : 0;
                int t = labels[i];
                both += p & t;
                predicted += p;
                labelled += t;
              }
              sum[0] = both;
              sum[1] = predicted;
              sum[2] = labelled;
            });
    return sums[0] / (sums[1] + sums[2] - sums[0]);
  }
}
