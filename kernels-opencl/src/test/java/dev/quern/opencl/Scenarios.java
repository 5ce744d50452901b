package dev.quern.opencl;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.DeviceException;
import dev.quern.DeviceInfo;
import dev.quern.Engine;
import dev.quern.OutOfDeviceMemoryException;
import dev.quern.PendingValue;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.selftest.Report;
import dev.quern.bench.selftest.Selftest;
import dev.quern.bench.selftest.SelftestOptions;
import dev.quern.spi.Availability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/** What a process of its own does with OpenCL; it writes a line for everything it sees. */
public final class Scenarios {
  private static volatile long work;

  private Scenarios() {}

  /**
   * Runs one.
   *
   * @param args its name
   * @throws IOException if the file that orders a fault cannot be written
   */
  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "devices" -> devices();
      case "exhaust" -> exhaust();
      case "faults" -> faults();
      case "faults of Java" -> faultsOfJava();
      case "busy threads" -> busyThreads();
      case "transfers" -> transfers();
      case "reads beside uploads" -> readsBesideUploads();
      case "selftest" -> selftest();
      default -> throw new IllegalArgumentException(args[0]);
    }
  }

  /** Every device computes, or the reasons. */
  private static void devices() {
    switch (Backends.probe().get("opencl")) {
      case Availability.Available(var devices) -> {
        var engines = new ArrayList<Engine>();
        for (DeviceInfo device : devices) {
          System.out.println(device.id() + " with " + device.features());
          engines.add(Engine.open(device.id()));
        }
        for (Engine engine : engines) {
          compute(engine);
        }
        engines.forEach(Engine::close);
      }
      case Availability.Unavailable(var reasons) -> {
        reasons.forEach(System.out::println);
        try {
          Engine.open("opencl").close();
        } catch (RuntimeException e) {
          System.out.println(e.getMessage());
        }
        try (Engine engine = Engine.open("reference")) {
          compute(engine);
        }
      }
      case null -> System.out.println("There is no OpenCL backend.");
    }
  }

  /** Takes blocks until the device refuses, goes on computing, gives them back, takes again. */
  private static void exhaust() {
    try (Engine engine = Engine.open("opencl")) {
      long block = engine.device().memoryBytes() / 8;
      var held = new ArrayList<Tensor>();
      System.out.println("block " + block);
      try {
        while (held.size() < 100) {
          held.add(engine.empty(DType.U8, Shape.of(block)));
        }
      } catch (OutOfDeviceMemoryException e) {
        System.out.println(held.size() + " blocks, live " + engine.memory().live());
        System.out.println(e.getMessage());
      }
      compute(engine);
      held.forEach(Tensor::close);
      engine.empty(DType.U8, Shape.of(block * 3 / 2)).close();
      System.out.println("reserved " + engine.memory().reserved());
      compute(engine);
    }
  }

  /** One fault after another, each followed by what still has to work. */
  private static void faults() throws IOException {
    try (Engine engine = Engine.open("opencl")) {
      Tensor x = engine.tensor(new float[] {1, 2}, 2);
      fail("clCreateBuffer", -4);
      engine.empty(DType.U8, Shape.of(1000)).close();
      compute(engine);
      fail("clBuildProgram", -11);
      report(x::sum);
      System.out.println("sum " + x.sum().item());
      fail("clEnqueueNDRangeKernel", -4);
      report(() -> x.add(x));
      compute(engine);
      fail("clFinish", -5);
      report(engine::synchronize);
      report(() -> x.add(x));
      report(x::toFloatArray);
    }
    try (Engine engine = Engine.open("opencl")) {
      compute(engine);
    }
  }

  /** What the processor reports to the virtual machine by signals. */
  private static void faultsOfJava() {
    int[][] rows = new int[1][];
    try (Engine engine = Engine.open("opencl")) {
      compute(engine);
      try {
        System.out.println("7 / 0 is " + 7 / rows.length / (rows.length - 1));
      } catch (ArithmeticException e) {
        System.out.println(e.getClass().getSimpleName());
      }
      try {
        System.out.println("null has " + rows[0].length + " elements");
      } catch (NullPointerException e) {
        System.out.println(e.getClass().getSimpleName());
      }
    }
  }

  /** Builds programs while the virtual machine stops busy threads, by faults, 40 times a second. */
  private static void busyThreads() {
    for (int i = 0; i < 3; i++) {
      Thread.ofPlatform()
          .daemon()
          .start(() -> {
            for (long n = 1; ; n = n * 31 + 7) {
              work = n;
            }
          });
    }
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          while (!Thread.getAllStackTraces().isEmpty()) {
            LockSupport.parkNanos(25_000_000);
          }
        });
    try (Engine engine = Engine.open("opencl")) {
      compute(engine);
      Tensor x = engine.tensor(new float[] {1, 2, 3, 4}, 2, 2);
      System.out.println("sum " + x.matmul(x, false, false).sum().item());
    }
  }

  /** The threads that opening, transfers of all kinds and closing leave behind. */
  private static void transfers() {
    // starts the thread that looks for dropped engines
    Engine.open("reference").close();
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    try (Engine engine = Engine.open("opencl")) {
      compute(engine);
      Tensor x = engine.tensor(new float[1000], 1000);
      PendingValue late = x.sum().itemLater();
      System.out.println("later " + late.await() + ", of " + x.toFloatArray().length);
    }
    Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> !before.contains(thread))
        // watches builds, and ends with them
        .filter(thread -> !thread.getName().equals("quern-signals"))
        .forEach(thread -> System.out.println("started " + thread.getName()));
  }

  /** The cases of the suites named by a property, on the first device; then the failures. */
  private static void selftest() {
    List<String> suites = List.of(System.getProperty("suites").split(",", -1));
    var options = new SelftestOptions(List.of("opencl"), null, suites, false);
    Report report = Selftest.run(options, System.out);
    report.failures().forEach(System.out::println);
  }

  /** Waits for values outside the engine's lock, as another thread uploads for three seconds. */
  private static void readsBesideUploads() {
    try (Engine engine = Engine.open("opencl")) {
      Tensor[] values = new Tensor[64];
      for (int i = 0; i < values.length; i++) {
        values[i] = engine.tensor(new float[] {i + 1}, 1);
      }
      Thread uploads =
          Thread.ofPlatform()
              .start(() -> {
                while (!Thread.currentThread().isInterrupted()) {
                  engine.tensor(new float[256], 256).close();
                }
              });
      int wrong = 0;
      long end = System.nanoTime() + 3_000_000_000L;
      for (int i = 0; System.nanoTime() < end; i = (i + 1) % values.length) {
        wrong += values[i].itemLater().await() == i + 1 ? 0 : 1;
      }
      uploads.interrupt();
      while (uploads.isAlive()) {
        Thread.onSpinWait();
      }
      System.out.println(wrong + " wrong");
    }
  }

  private static void fail(String function, int error) throws IOException {
    Files.writeString(Path.of(System.getenv("QUERN_FAULT")), function + " " + error);
  }

  private static void report(Runnable call) {
    try {
      call.run();
      System.out.println("It succeeds.");
    } catch (DeviceException e) {
      String message = String.valueOf(e.getMessage());
      List<String> lines = message.lines().toList();
      System.out.println(e.getClass().getSimpleName() + ": " + lines.getFirst());
    }
  }

  private static void compute(Engine engine) {
    try (Tensor x = engine.tensor(new float[] {1, 2}, 2);
        Tensor sum = x.add(x)) {
      System.out.println(engine.device().id() + " computes " + Arrays.toString(sum.toFloatArray()));
    }
  }
}
