package dev.quern.train.embedding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.Backends;
import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.selftest.Soak;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.spi.Availability;
import dev.quern.spi.tensor.PhiloxStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Long use of every backend that is here: memory stays flat, engines leave nothing behind. */
class SoakTest {
  private static final SegmentationLoss LOSS = new DiceLoss().plus(new BceLoss());
  private static final int ENGINES = 50;
  private static final long FORGOTTEN_BYTES = 16 << 20;

  private static void assumeUsable(String backend) {
    Availability availability = Backends.probe().get(backend);
    if (availability instanceof Availability.Available) {
      return;
    }
    String require = System.getenv().getOrDefault("QUERN_REQUIRE", "");
    assertTrue(
        !Arrays.asList(require.split(",")).contains(backend),
        backend + " is required, but: " + availability);
    assumeTrue(false, backend + " cannot be used here: " + availability);
  }

  @ParameterizedTest
  @ValueSource(strings = {"simd", "opencl"})
  void stepsLeaveMemoryFlat(String backend) {
    assertStepsLeaveMemoryFlat(backend, 2000);
  }

  @ParameterizedTest
  @Tag("thorough")
  @ValueSource(strings = {"reference", "simd", "opencl", "cuda"})
  void manyStepsLeaveMemoryFlat(String backend) {
    assertStepsLeaveMemoryFlat(backend, 20_000);
  }

  private static void assertStepsLeaveMemoryFlat(String backend, long steps) {
    assumeUsable(backend);
    try (Engine engine = Engine.open(backend)) {
      Soak.Result result = Soak.run(engine, steps);
      System.out.println(backend + ": " + result);
      assertEquals(0, result.deviceAllocations(), "device allocations");
      assertTrue(result.heapBytesPerStep() < 16 * 1024, "heap per step: " + result);
      assertTrue(result.residentGrowth() < 16 << 20, "resident memory: " + result);
      assertTrue(result.lastLoss() < result.firstLoss(), "loss: " + result);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd", "opencl", "cuda"})
  void enginesLeaveNothingBehind(String backend) throws IOException {
    assumeUsable(backend);
    // the first engines load libraries, start threads and compile kernels
    for (int i = 0; i < 5; i++) {
      useOnce(backend);
    }
    long threads = threads();
    // the virtual machine maps memory of its own now and then; only what engines leave grows every
    // time
    Left left = Left.by(backend);
    assertTrue(threads() <= threads + 2, threads + " threads before, after " + threads());
    for (int again = 0; again < 2 && left.isTooMuch(); again++) {
      left = left.least(Left.by(backend));
    }
    assertFalse(left.isTooMuch(), ENGINES + " engines left " + left);
  }

  /** How many mappings and bytes of addresses a process has more after {@link #ENGINES} engines. */
  private record Left(long mappings, long addressBytes) {
    static Left by(String backend) throws IOException {
      Left before = now();
      for (int i = 0; i < ENGINES; i++) {
        useOnce(backend);
      }
      Left after = now();
      Left left =
          new Left(after.mappings - before.mappings, after.addressBytes - before.addressBytes);
      System.out.println(backend + ": " + ENGINES + " engines left " + left);
      return left;
    }

    private static Left now() throws IOException {
      return new Left(SoakTest.mappings(), SoakTest.addressBytes());
    }

    Left least(Left other) {
      return new Left(
          Math.min(mappings, other.mappings), Math.min(addressBytes, other.addressBytes));
    }

    /** A mapping or the tensor of more than half of the engines. */
    boolean isTooMuch() {
      return mappings > ENGINES / 2 || addressBytes > ENGINES / 2 * FORGOTTEN_BYTES;
    }
  }

  private static void useOnce(String backend) {
    try (Engine engine = Engine.open(backend)) {
      // left open on purpose: the engine frees it
      Tensor forgotten = engine.zeros(DType.F32, Shape.of(FORGOTTEN_BYTES / Float.BYTES));
      assertEquals(0, forgotten.slice(0, 5).sum().item());
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().size();
  }

  private static long mappings() throws IOException {
    Path maps = Path.of("/proc/self/maps");
    return Files.exists(maps) ? Files.readAllLines(maps).size() : 0;
  }

  private static long addressBytes() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return 0;
    }
    String size =
        Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmSize:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(size.replaceAll("\\D", "")) * 1024;
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "simd", "opencl", "cuda"})
  void fourThreadsShareAnEngine(String backend) throws Exception {
    assumeUsable(backend);
    try (Engine engine = Engine.open(backend);
        ExecutorService pool = Executors.newFixedThreadPool(4)) {
      List<float[]> alone = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        alone.add(gradient(engine, t));
      }
      List<Future<Boolean>> results = new ArrayList<>();
      for (int t = 0; t < 4; t++) {
        int seed = t;
        results.add(
            pool.submit(() -> {
              for (int i = 0; i < 50; i++) {
                if (!Arrays.equals(alone.get(seed), gradient(engine, seed))) {
                  return false;
                }
              }
              return true;
            }));
      }
      for (Future<Boolean> result : results) {
        assertTrue(result.get());
      }
    }
  }

  private static float[] gradient(Engine engine, int seed) {
    int n = 5000 + 37 * seed;
    byte[] labels = new byte[n];
    for (int i = 0; i < n; i++) {
      labels[i] = (byte) (i % 3 == 0 ? 1 : 0);
    }
    return engine.scoped(() -> {
      Tensor logits = engine.uniform(new PhiloxStream(seed, 0, 0, 0), n).scale(6);
      LossResult result = LOSS.forwardBackward(logits, engine.tensor(labels, n));
      return result.gradient().toFloatArray();
    });
  }
}
