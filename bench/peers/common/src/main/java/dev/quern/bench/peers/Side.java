package dev.quern.bench.peers;

/** One side's form of a workload. */
public interface Side extends AutoCloseable {

  /** Does the work once and waits for it. */
  void run();

  /** {@return what the work gave: a value, and the Euclidean norm of the gradient or parameters} */
  double[] results();

  @Override
  default void close() {}

  /**
   * {@return the Euclidean norm}
   *
   * @param arrays the parts of a vector
   */
  static double norm(float[]... arrays) {
    double sum = 0;
    for (float[] array : arrays) {
      for (float value : array) {
        sum += (double) value * value;
      }
    }
    return Math.sqrt(sum);
  }
}
