package dev.quern.bench.peers.loops;

/** The Lovasz hinge: errors sorted as longs with their positions. */
final class LovaszLoops {
  private LovaszLoops() {}

  static double hinge(Sweep sweep, float[] logits, float[] target, float[] gradient) {
    int n = logits.length;
    long[] keys = new long[n];
    double[] labelled =
        sweep.over(
            n,
            1,
            (from, to, sum) -> {
              for (int i = from; i < to; i++) {
                float error = 1 - logits[i] * (2 * target[i] - 1);
                int bits = Float.floatToRawIntBits(error);
                int upwards = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
                // the largest error first
                keys[i] = ((long) ~upwards << 32) | i;
                sum[0] += target[i];
              }
            });
    sweep.sort(keys);
    double intersection = labelled[0];
    double union = labelled[0];
    double before = 0;
    double value = 0;
    for (long key : keys) {
      int i = (int) key;
      float t = target[i];
      float error = 1 - logits[i] * (2 * t - 1);
      intersection -= t;
      union += 1 - t;
      double jaccard = 1 - intersection / union;
      double slope = jaccard - before;
      before = jaccard;
      value += Math.max(error, 0) * slope;
      gradient[i] = error > 0 ? (float) (slope * (1 - 2 * t)) : 0;
    }
    return value;
  }
}
