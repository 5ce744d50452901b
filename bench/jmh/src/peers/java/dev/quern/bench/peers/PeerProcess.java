package dev.quern.bench.peers;

import java.util.Arrays;

/**
 * One process of one side: every workload once, warmed up, its median of at least 15 runs; with an
 * FMA calibration before and after on one and two threads. Prints a line each for {@link
 * PeerTable}.
 */
final class PeerProcess {
  private static final int RUNS = 15;
  private static final double SECONDS = 0.4;

  /** Small calls need more of them before the compilers are done. */
  private static final int CALLS = 3000;

  private static final double MOST_SECONDS = 4;

  private PeerProcess() {}

  /** Runs the side that is named first and the workloads whose names contain the second word. */
  public static void main(String[] args) {
    String side = args[0];
    String wanted = args.length > 1 ? args[1] : "";
    System.out.printf("fma %.3f%n", Calibration.speedUpOfTwoThreads());
    for (Workload work : Workload.ALL) {
      if (work.name().contains(wanted)) {
        measure(side, work);
      }
    }
    System.out.printf("fma %.3f%n", Calibration.speedUpOfTwoThreads());
    // LibTorch's threads would keep the process
    System.exit(0);
  }

  private static void measure(String sideName, Workload work) {
    try (Side side = sideName.equals("quern") ? QuernSide.of(work) : TorchSide.of(work)) {
      for (int i = 0; i < 3; i++) {
        side.run();
      }
      double[] results = side.results();
      long start = System.nanoTime();
      int warm = 0;
      while (warm < 10
          || seconds(start) < SECONDS
          || (warm < CALLS && seconds(start) < MOST_SECONDS)) {
        side.run();
        warm++;
      }
      int runs = Math.max(RUNS, Math.min(warm, 1001));
      double[] millis = new double[runs];
      for (int i = 0; i < runs; i++) {
        long before = System.nanoTime();
        side.run();
        millis[i] = (System.nanoTime() - before) / 1e6;
      }
      Arrays.sort(millis);
      System.out.printf(
          "work\t%s\t%.6f\t%.9g\t%.9g%n", work.name(), millis[runs / 2], results[0], results[1]);
    }
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
