package dev.quern.metric;

/** Turns a threshold on probabilities into one on logits, exactly. */
final class LogitThreshold {
  private LogitThreshold() {}

  /**
   * Finds the smallest float whose correctly rounded sigmoid exceeds a probability, by bisection
   * over the floats in order; NaN, which no number reaches, if there is none.
   */
  static float of(float probability) {
    int low = ordered(Float.NEGATIVE_INFINITY);
    int high = ordered(Float.POSITIVE_INFINITY);
    if (!(sigmoid(Float.POSITIVE_INFINITY) > probability)) {
      return Float.NaN;
    }
    while (low < high) {
      int middle = (int) (((long) low + high) >> 1);
      if (sigmoid(fromOrdered(middle)) > probability) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return fromOrdered(low);
  }

  /** The f64 result is within an ulp, so rounding it to f32 rounds the exact value. */
  private static float sigmoid(float x) {
    return (float) (1 / (1 + StrictMath.exp(-(double) x)));
  }

  /** Maps floats to ints of the same order; its own inverse. */
  private static int ordered(float x) {
    int bits = Float.floatToRawIntBits(x);
    return bits < 0 ? Integer.MIN_VALUE - bits - 1 : bits;
  }

  private static float fromOrdered(int order) {
    return Float.intBitsToFloat(order < 0 ? Integer.MIN_VALUE - order - 1 : order);
  }
}
