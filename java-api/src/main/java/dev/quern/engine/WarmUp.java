package dev.quern.engine;

/** Repeats work until it no longer becomes faster. */
public final class WarmUp {
  private static final long MOST_NANOS = 3_000_000_000L;

  /** Rounds shorter than this tell nothing. */
  private static final long ROUND_NANOS = 100_000_000;

  /** So many rounds without a gain of a twentieth end it: the compiler may take as long. */
  private static final int STEADY_ROUNDS = 3;

  private WarmUp() {}

  public static void run(Runnable work) {
    long start = System.nanoTime();
    double best = Double.MAX_VALUE;
    int steady = 0;
    while (steady < STEADY_ROUNDS && System.nanoTime() - start < MOST_NANOS) {
      double mean = round(work);
      steady = mean > 0.95 * best ? steady + 1 : 0;
      best = Math.min(best, mean);
    }
  }

  /** The mean time of a call in one round, in nanoseconds. */
  private static double round(Runnable work) {
    long start = System.nanoTime();
    long calls = 0;
    long time;
    do {
      work.run();
      calls++;
      time = System.nanoTime() - start;
    } while (time < ROUND_NANOS);
    return (double) time / calls;
  }
}
