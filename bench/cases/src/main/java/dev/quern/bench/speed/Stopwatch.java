package dev.quern.bench.speed;

import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.List;

/**
 * Times calls, each waited for, as a caller would who needs the result.
 *
 * @param samples how many at most
 * @param budgetNanos how long all of them may take, the settling too; the first is taken anyway
 */
record Stopwatch(int samples, long budgetNanos) {

  /** A sample is at least so long: calls shorter than this are repeated within it. */
  private static final long LEAST_SAMPLE_NANOS = 200_000;

  /** Calls that fill caches and wake workers before the first sample. */
  private static final int SETTLING_CALLS = 3;

  /** The time of a call, one entry a sample. */
  List<Double> time(Runnable call, Backend backend) {
    long start = System.nanoTime();
    long shortest = Long.MAX_VALUE;
    for (int i = 0; i < SETTLING_CALLS && System.nanoTime() - start < budgetNanos / 3; i++) {
      shortest = Math.min(shortest, nanos(call, backend, 1));
    }
    int repetitions = (int) Math.max(1, LEAST_SAMPLE_NANOS / Math.max(1, shortest));
    var times = new ArrayList<Double>();
    do {
      times.add((double) nanos(call, backend, repetitions) / repetitions);
    } while (times.size() < samples && System.nanoTime() - start < budgetNanos);
    return times;
  }

  private static long nanos(Runnable call, Backend backend, int repetitions) {
    long start = System.nanoTime();
    for (int i = 0; i < repetitions; i++) {
      call.run();
      backend.synchronize();
    }
    return Math.max(1, System.nanoTime() - start);
  }
}
