package dev.quern.bench;

import dev.quern.Backends;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.KernelCases;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.spi.Availability;
import dev.quern.spi.Backend;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times kernel cases plainly: warm up, then repeat, each repetition synchronised with the device,
 * and take the median. Good for finding what is slow; claims about speed need separate processes
 * and many pairs.
 */
public final class KernelTimer {

  private static final int LEAST_REPETITIONS = 5;
  private static final long WARM_UP_NANOS = 500_000_000L;
  private static final long MEASURED_NANOS = 1_000_000_000L;

  private KernelTimer() {}

  /**
   * A measurement.
   *
   * @param kernelCase what was timed
   * @param repetitions how often
   * @param medianNanos the median time of one call
   */
  public record Timing(KernelCase kernelCase, int repetitions, long medianNanos) {

    /** {@return the case's bytes over the median time, in GB/s} */
    public double gigabytesPerSecond() {
      return (double) kernelCase.bytes() / medianNanos;
    }
  }

  /**
   * Times a case.
   *
   * @param kernelCase what to time
   * @param backend where
   * @return the median of at least five calls and a second of calls
   */
  public static Timing time(KernelCase kernelCase, Backend backend) {
    try (var bench = new Workbench(backend, Fill.DIGITS)) {
      Runnable call = kernelCase.setup().on(bench);
      repeat(call, backend, 1, WARM_UP_NANOS);
      long[] nanos = repeat(call, backend, LEAST_REPETITIONS, MEASURED_NANOS);
      Arrays.sort(nanos);
      return new Timing(kernelCase, nanos.length, nanos[nanos.length / 2]);
    }
  }

  private static long[] repeat(Runnable call, Backend backend, int leastCalls, long leastNanos) {
    var nanos = new ArrayList<Long>();
    long total = 0;
    while (total < leastNanos || nanos.size() < leastCalls) {
      long start = System.nanoTime();
      call.run();
      backend.synchronize();
      long time = System.nanoTime() - start;
      nanos.add(time);
      total += time;
    }
    return nanos.stream().mapToLong(Long::longValue).toArray();
  }

  /**
   * Times the large cases of every family and prints a table.
   *
   * @param args names of backends; none for all that are there
   */
  public static void main(String[] args) {
    List<String> backends =
        args.length > 0
            ? List.of(args)
            : Backends.probe().entrySet().stream()
                .filter(entry -> entry.getValue() instanceof Availability.Available)
                .map(java.util.Map.Entry::getKey)
                .toList();
    System.out.printf("%-10s %10s %8s  %s%n", "backend", "ms", "GB/s", "case");
    for (String name : backends) {
      try (Backend backend = Backends.openBackend(name)) {
        for (KernelCase kernelCase : KernelCases.timed(1 << 25, 512)) {
          Timing timing = time(kernelCase, backend);
          System.out.printf(
              "%-10s %10.3f %8.2f  %s %s%n",
              name,
              timing.medianNanos() / 1e6,
              timing.gigabytesPerSecond(),
              KernelSuites.name(kernelCase.family()),
              kernelCase.name());
        }
      }
    }
  }
}
