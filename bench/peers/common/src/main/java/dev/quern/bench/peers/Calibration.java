package dev.quern.bench.peers;

/** How much faster two threads do twice the independent fused multiply-adds than one does. */
final class Calibration {
  private static final int STEPS = 30_000_000;

  /** Keeps the chains from being optimised away. */
  @SuppressWarnings("UnusedVariable")
  private static volatile float sink;

  private Calibration() {}

  static double speedUpOfTwoThreads() {
    chains();
    double one = seconds(1);
    double two = seconds(2);
    return 2 * one / two;
  }

  private static double seconds(int threads) {
    double best = Double.MAX_VALUE;
    for (int round = 0; round < 3; round++) {
      Thread[] workers = new Thread[threads];
      long start = System.nanoTime();
      for (int i = 0; i < threads; i++) {
        workers[i] = new Thread(Calibration::chains);
        workers[i].start();
      }
      for (Thread worker : workers) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          throw new IllegalStateException(e);
        }
      }
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    }
    return best;
  }

  private static void chains() {
    float a = 1;
    float b = 2;
    float c = 3;
    float d = 4;
    for (int i = 0; i < STEPS; i++) {
      a = Math.fma(a, 0.9999f, 0.1f);
      b = Math.fma(b, 0.9999f, 0.1f);
      c = Math.fma(c, 0.9999f, 0.1f);
      d = Math.fma(d, 0.9999f, 0.1f);
    }
    sink = a + b + c + d;
  }
}
