package dev.quern.bench.peers;

/** One side's form of a workload. */
interface Side extends AutoCloseable {
  /** Does the work once and waits for it. */
  void run();

  /** {@return what the work gave: a value, and the Euclidean norm of the gradient or parameters} */
  double[] results();

  @Override
  void close();

  static double norm(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return Math.sqrt(sum);
  }
}
