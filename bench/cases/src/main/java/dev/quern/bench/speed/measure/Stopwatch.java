package dev.quern.bench.speed.measure;

import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.List;

/**
 * Times calls, each waited for, as a caller would who needs the result.
 *
 * @param samples how many times at most
 * @param budgetNanos how long all of them may take, the settling too; the first is taken anyway
 */
record Stopwatch(int samples, long budgetNanos) {

  /** A sample is at least so long: calls shorter than this are repeated within it. */
  private static final long LEAST_SAMPLE_NANOS = 200_000;

  /** Calls that fill caches and wake workers before the first sample. */
  private static final int SETTLING_CALLS = 3;

  /** Fresh memory is slow to read and write at first: a copy of 8 MB for some milliseconds. */
  private static final long SETTLING_NANOS_PER_BYTE = 1;

  /** The time of a call, one entry a sample. */
  List<Double> time(Runnable call, Backend backend) {
    return time(call, backend, 0);
  }

  /**
   * The time of a call after the caches have settled, one entry a sample.
   *
   * @param bytes what a call moves; the more, the longer it takes until the caches hold what they
   *     will hold
   */
  List<Double> time(Runnable call, Backend backend, long bytes) {
    long start = System.nanoTime();
    long settled = Math.min(bytes * SETTLING_NANOS_PER_BYTE, budgetNanos / 3);
    long shortest = Long.MAX_VALUE;
    for (int i = 0;
        System.nanoTime() - start < (i < SETTLING_CALLS ? budgetNanos / 3 : settled);
        i++) {
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
