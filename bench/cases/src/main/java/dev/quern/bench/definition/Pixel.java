package dev.quern.bench.definition;

/**
 * One pixel with all its classes, or one element: target t, probability p, q = 1 - p and both
 * logarithms, each with all digits of f64. An infinite logit stands for its limit.
 */
final class Pixel {
  /** Relative rounding of a probability in f32, and of an input. */
  private static final double ULPS = 0x1p-21;

  final int size;
  int number;
  int image;
  int firstClass;
  double weight;
  final double[] x;
  final double[] t;
  final double[] p;
  final double[] q;
  final double[] lnP;
  final double[] lnQ;

  Pixel(int size) {
    this.size = size;
    this.x = new double[size];
    this.t = new double[size];
    this.p = new double[size];
    this.q = new double[size];
    this.lnP = new double[size];
    this.lnQ = new double[size];
  }

  static Pixel of(Batch batch) {
    return new Pixel(batch.layout() == Batch.Layout.ELEMENTS ? 1 : batch.classes());
  }

  void read(Batch batch, int i) {
    boolean element = batch.layout() == Batch.Layout.ELEMENTS;
    number = i;
    int perImage = element ? batch.classes() * batch.pixels() : batch.pixels();
    image = i / perImage;
    firstClass = element ? i / batch.pixels() % batch.classes() : 0;
    float[] weights = batch.weight();
    weight = weights == null ? 1 : weights[i];
    for (int c = 0; c < size; c++) {
      x[c] = batch.x()[batch.index(i, c)];
      t[c] = batch.target(i, c);
    }
    if (batch.probabilities()) {
      for (int c = 0; c < size; c++) {
        set(c, x[c], 1 - x[c], Math.log(x[c]), Math.log1p(-x[c]));
      }
    } else if (element) {
      set(0, sigmoid(x[0]), sigmoid(-x[0]), -softplus(-x[0]), -softplus(x[0]));
    } else {
      softmax();
    }
  }

  /** By how much f32 may miss the smaller of p and q, and so their difference from a target. */
  double slack(int c) {
    double size = 0;
    for (double v : x) {
      size = Math.max(size, Math.abs(v));
    }
    return Math.min(p[c], q[c]) * Math.min(1, ULPS * (1 + size));
  }

  private void set(int c, double own, double rest, double logOwn, double logRest) {
    p[c] = own;
    q[c] = rest;
    lnP[c] = logOwn;
    lnQ[c] = logRest;
  }

  private void softmax() {
    double total = logSum(-1);
    for (int c = 0; c < size; c++) {
      double rest = logSum(c);
      // ln p = -ln(1 + e^(rest - x)), ln q = -ln(1 + e^(x - rest)): nothing cancels
      double odds = Double.isNaN(total) ? Double.NaN : rest == x[c] ? 0 : x[c] - rest;
      set(c, sigmoid(odds), sigmoid(-odds), -softplus(-odds), -softplus(odds));
    }
  }

  /** ln of the sum of all exponentials but one. */
  private double logSum(int without) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int c = 0; c < size; c++) {
      largest = c == without ? largest : Math.max(largest, x[c]);
    }
    if (Double.isInfinite(largest)) {
      return largest;
    }
    double sum = 0;
    for (int c = 0; c < size; c++) {
      sum += c == without ? 0 : Math.exp(x[c] - largest);
    }
    return largest + Math.log(sum);
  }

  /** Of p - t the side that does not round: with p near 1 it is made of the complements. */
  double difference(int c) {
    return p[c] < 0.5 ? p[c] - t[c] : (1 - t[c]) - q[c];
  }

  static double sigmoid(double x) {
    double e = Math.exp(-Math.abs(x));
    return x < 0 ? e / (1 + e) : 1 / (1 + e);
  }

  /** ln(1 + e^x). */
  static double softplus(double x) {
    return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** A product in which 0 wins over infinity: a limit. */
  static double times(double factor, double value) {
    return factor == 0 && !Double.isNaN(value) ? 0 : factor * value;
  }
}
