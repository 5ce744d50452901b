package dev.quern.bench.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/**
 * One process of one side: workloads warmed up and then timed, the median of at least 15 runs (5 if
 * one takes over 0.2 s), with an FMA calibration before and after on one and two threads. Prints a
 * line each for {@link PeerRun}.
 */
final class PeerProcess {
  /** Steps before results are compared: an optimizer has moved by then. */
  private static final int STEPS = 3;

  private static final int RUNS = 15;
  private static final int SLOW_RUNS = 5;
  private static final double SLOW_MILLIS = 200;

  /** Small calls need more of them before the compilers are done. */
  private static final int CALLS = 3000;

  private static final double SMALL_MILLIS = 2;
  private static final double SECONDS = 0.8;
  private static final double MOST_SECONDS = 4;

  private PeerProcess() {}

  /** Runs the peer that is named first and the workloads that are named after it. */
  public static void main(String[] args) {
    Peer peer =
        ServiceLoader.load(Peer.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(p -> p.name().equals(args[0]))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("No peer is named " + args[0] + "."));
    List<String> wanted = Arrays.asList(args).subList(1, args.length);
    System.out.printf("version\t%s%n", peer.version());
    System.out.printf("fma\t%.3f%n", Calibration.speedUpOfTwoThreads());
    for (Workload work : Workload.ALL) {
      if (wanted.contains(work.name())) {
        peer.side(work)
            .ifPresentOrElse(
                side -> measure(side, work), () -> System.out.printf("none\t%s%n", work.name()));
      }
    }
    System.out.printf("peak\t%d%n", peakResident());
    System.out.printf("fma\t%.3f%n", Calibration.speedUpOfTwoThreads());
    // some libraries' threads would keep the process
    System.exit(0);
  }

  /** The most memory that this process had in RAM, in KiB; 0 where Linux does not tell. */
  private static long peakResident() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
      return lines
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElse(0);
    } catch (IOException | UncheckedIOException e) {
      return 0;
    }
  }

  private static void measure(Side work, Workload workload) {
    try (Side side = work) {
      for (int i = 0; i < STEPS; i++) {
        side.run();
      }
      double[] results = side.results();
      long start = System.nanoTime();
      int warm = 0;
      while (warm < 3
          || seconds(start) < SECONDS
          || (warm < CALLS
              && millis(start) < SMALL_MILLIS * warm
              && seconds(start) < MOST_SECONDS)) {
        side.run();
        warm++;
      }
      boolean slow = millis(start) / warm > SLOW_MILLIS;
      int runs = slow ? SLOW_RUNS : Math.clamp(warm, RUNS, 1001);
      double[] millis = new double[runs];
      for (int i = 0; i < runs; i++) {
        long before = System.nanoTime();
        side.run();
        millis[i] = millis(before);
      }
      Arrays.sort(millis);
      System.out.printf(
          "work\t%s\t%.6f\t%.9g\t%.9g%n",
          workload.name(), millis[runs / 2], results[0], results[1]);
    }
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static double millis(long start) {
    return (System.nanoTime() - start) / 1e6;
  }
}
