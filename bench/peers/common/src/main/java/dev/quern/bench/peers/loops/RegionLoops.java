package dev.quern.bench.peers.loops;

/** Dice and Jaccard: a loop for the sums, a loop for the gradient. */
final class RegionLoops {
  private static final double EPS = 1e-7;

  private RegionLoops() {}

  static double dice(Sweep sweep, float[] logits, float[] target, float[] gradient) {
    double[] sums = sums(sweep, logits, target, gradient);
    double both = sums[0];
    double all = Math.max(sums[1] + sums[2], EPS);
    slopes(sweep, target, gradient, -2 / all, 2 * both / (all * all));
    return 1 - 2 * both / all;
  }

  static double jaccard(Sweep sweep, float[] logits, float[] target, float[] gradient) {
    double[] sums = sums(sweep, logits, target, gradient);
    double both = sums[0];
    double union = Math.max(sums[1] + sums[2] - both, EPS);
    double ofUnion = both / (union * union);
    slopes(sweep, target, gradient, -1 / union - ofUnion, ofUnion);
    return 1 - both / union;
  }

  static double diceBce(Sweep sweep, float[] logits, float[] target, float[] gradient) {
    int n = logits.length;
    double[] sums =
        sweep.over(
            n,
            4,
            (from, to, sum) -> {
              double both = 0;
              double predicted = 0;
              double labelled = 0;
              double loss = 0;
              for (int i = from; i < to; i++) {
                float x = logits[i];
                float t = target[i];
                double e = Math.exp(-Math.abs(x));
                double p = x >= 0 ? 1 / (1 + e) : e / (1 + e);
                loss += Math.max(x, 0) - x * t + Math.log1p(e);
                gradient[i] = (float) p;
                both += p * t;
                predicted += p;
                labelled += t;
              }
              sum[0] = both;
              sum[1] = predicted;
              sum[2] = labelled;
              sum[3] = loss;
            });
    double both = sums[0];
    double all = Math.max(sums[1] + sums[2], EPS);
    float ofTarget = (float) (-2 / all);
    float constant = (float) (2 * both / (all * all));
    float ofBce = 1f / n;
    sweep.over(
        n,
        0,
        (from, to, _) -> {
          for (int i = from; i < to; i++) {
            float p = gradient[i];
            float t = target[i];
            gradient[i] = (ofTarget * t + constant) * p * (1 - p) + (p - t) * ofBce;
          }
        });
    return 1 - 2 * both / all + sums[3] / n;
  }

  /** Leaves the probabilities where the gradient will be; sums pt, p and t. */
  private static double[] sums(Sweep sweep, float[] logits, float[] target, float[] probabilities) {
    return sweep.over(
        logits.length,
        3,
        (from, to, sum) -> {
          double both = 0;
          double predicted = 0;
          double labelled = 0;
          for (int i = from; i < to; i++) {
            float t = target[i];
            float p = (float) (1 / (1 + Math.exp(-logits[i])));
            probabilities[i] = p;
            both += p * t;
            predicted += p;
            labelled += t;
          }
          sum[0] = both;
          sum[1] = predicted;
          sum[2] = labelled;
        });
  }

  /** Turns probabilities into the gradient, whose slope in p is a t + b. */
  private static void slopes(Sweep sweep, float[] target, float[] gradient, double a, double b) {
    float ofTarget = (float) a;
    float constant = (float) b;
    sweep.over(
        target.length,
        0,
        (from, to, _) -> {
          for (int i = from; i < to; i++) {
            float p = gradient[i];
            gradient[i] = (ofTarget * target[i] + constant) * p * (1 - p);
          }
        });
  }
}
