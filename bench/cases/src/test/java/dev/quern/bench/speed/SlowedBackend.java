package dev.quern.bench.speed;

import dev.quern.Backends;
import dev.quern.bench.speed.compare.Comparison;
import dev.quern.bench.speed.compare.ComparisonTable;
import dev.quern.bench.speed.measure.Schedule;
import dev.quern.bench.speed.measure.SpeedDevice;
import dev.quern.bench.speed.result.SpeedJson;
import dev.quern.bench.speed.result.SpeedRun;
import dev.quern.spi.Backend;
import dev.quern.spi.Interceptor;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A CPU backend one of whose kernels takes longer: what a comparison must find. */
final class SlowedBackend implements Interceptor {

  private final String method;
  private final double share;

  private SlowedBackend(String method, double share) {
    this.method = method;
    this.share = share;
  }

  /**
   * Wraps a backend.
   *
   * @param backend closed with the result
   * @param method the method of a kernel family that is slowed
   * @param share by how much: 0.2 is a fifth longer
   */
  static Backend of(Backend backend, String method, double share) {
    return new SlowedBackend(method, share).before(backend);
  }

  @Override
  public @Nullable Object around(Call call) throws Throwable {
    long start = System.nanoTime();
    Object result = call.proceed();
    if (call.method().getName().equals(method)) {
      long end = System.nanoTime() + (long) (share * (System.nanoTime() - start));
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
    }
    return result;
  }

  /**
   * Tries on this machine whether a comparison finds a kernel slowed by a fifth, as the command
   * line compares with two older runs, every run a process of its own.
   *
   * @param args the backend, the method, the number of comparisons; or the backend, the method, the
   *     share and the file of a single run
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    if (args.length == 4) {
      var run = run(of(Backends.openBackend(args[0]), args[1], Double.parseDouble(args[2])));
      Files.writeString(Path.of(args[3]), SpeedJson.write(run));
      return;
    }
    for (int i = 1; i <= Integer.parseInt(args[2]); i++) {
      var before = List.of(inNewProcess(args[0], args[1], 0), inNewProcess(args[0], args[1], 0));
      var after = new ArrayList<SpeedRun>();
      Comparison comparison;
      do {
        after.add(inNewProcess(args[0], args[1], 0.2));
        comparison = Comparison.of(before, after);
      } while (comparison.wantsConfirmation() && after.size() < 3);
      System.out.printf("%ncomparison %d, %d processes slowed:%n", i, after.size());
      ComparisonTable.print(comparison, System.out);
    }
  }

  private static SpeedRun inNewProcess(String backend, String method, double share)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile("slowed", ".json");
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.addAll(
        List.of(
            SlowedBackend.class.getName(),
            backend,
            method,
            String.valueOf(share),
            file.toString()));
    int code = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (code != 0) {
      throw new IllegalStateException("exit code " + code);
    }
    var run = SpeedJson.read(Files.readString(file));
    Files.delete(file);
    return run;
  }

  private static SpeedRun run(Backend backend) {
    var options = new SpeedOptions(List.of(), List.of(), List.of(), List.of(), true);
    var devices = new ArrayList<SpeedDevice>();
    devices.add(new SpeedDevice(backend));
    try {
      return SpeedBench.run(options, Schedule.QUICK, "", "", _ -> {}, _ -> {}, devices);
    } finally {
      devices.forEach(SpeedDevice::close);
    }
  }
}
