package dev.quern.bench.peers.loops;

/** Dice over a softmax, logits (images, classes, pixels): all classes of a pixel together. */
final class ClassLoops {
  private static final double EPS = 1e-7;

  private final int classes;
  private final int pixels;

  ClassLoops(int classes, int pixels) {
    this.classes = classes;
    this.pixels = pixels;
  }

  double dice(Sweep sweep, float[] logits, byte[] labels, float[] gradient) {
    double[] sums =
        sweep.over(
            labels.length,
            3 * classes,
            (from, to, sum) -> {
              for (int i = from; i < to; i++) {
                int at = first(i);
                float largest = Float.NEGATIVE_INFINITY;
                for (int c = 0; c < classes; c++) {
                  largest = Math.max(largest, logits[at + c * pixels]);
                }
                float total = 0;
                for (int c = 0; c < classes; c++) {
                  float e = (float) Math.exp(logits[at + c * pixels] - largest);
                  gradient[at + c * pixels] = e;
                  total += e;
                }
                for (int c = 0; c < classes; c++) {
                  float p = gradient[at + c * pixels] / total;
                  gradient[at + c * pixels] = p;
                  sum[classes + c] += p;
                }
                int label = labels[i];
                sum[label] += gradient[at + label * pixels];
                sum[2 * classes + label]++;
              }
            });
    double value = 0;
    float[] ofTarget = new float[classes];
    float[] constant = new float[classes];
    for (int c = 0; c < classes; c++) {
      double all = Math.max(sums[classes + c] + sums[2 * classes + c], EPS);
      value += (1 - 2 * sums[c] / all) / classes;
      ofTarget[c] = (float) (-2 / all / classes);
      constant[c] = (float) (2 * sums[c] / (all * all) / classes);
    }
    sweep.over(
        labels.length,
        0,
        (from, to, _) -> {
          for (int i = from; i < to; i++) {
            int at = first(i);
            int label = labels[i];
            float mean = gradient[at + label * pixels] * ofTarget[label];
            for (int c = 0; c < classes; c++) {
              mean += gradient[at + c * pixels] * constant[c];
            }
            for (int c = 0; c < classes; c++) {
              float slope = constant[c] + (c == label ? ofTarget[c] : 0);
              gradient[at + c * pixels] *= slope - mean;
            }
          }
        });
    return value;
  }

  /** Where the first class of a pixel lies. */
  private int first(int pixel) {
    return pixel / pixels * classes * pixels + pixel % pixels;
  }
}
