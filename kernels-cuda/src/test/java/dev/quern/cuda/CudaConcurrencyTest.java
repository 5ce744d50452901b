package dev.quern.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.bench.check.CaseResult.Status;
import dev.quern.bench.selftest.BackendSuite;
import dev.quern.bench.selftest.Report;
import dev.quern.bench.selftest.Selftest;
import dev.quern.bench.selftest.SelftestOptions;
import dev.quern.cuda.EmulatedDriver.Order;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Blocks that run beside each other, wait for each other, and begin in the least helpful order. */
class CudaConcurrencyTest {
  private static final int DELAY_MICROSECONDS = 300;

  /** Families whose blocks tell each other something. */
  private static final List<String> SUITES = List.of("lovasz", "optimizer", "confusion");

  private final long seed = System.nanoTime();
  private boolean emulated;

  @BeforeEach
  void requireEmulatedDevice() {
    EmulatedDriver.require();
    emulated = true;
    System.out.println("CudaConcurrencyTest: seed " + seed);
  }

  @AfterEach
  void runBlocksOneAfterAnother() {
    if (emulated) {
      EmulatedDriver.runBlocksBeside(0, Order.SHUFFLED, 0, 0);
    }
  }

  /**
   * Lists of several chunks, whole and cut short, many and one, with and without equal keys: the
   * bits are those of blocks that run one after another, which the suites compare with the
   * reference.
   */
  @Test
  void lookingBackChangesNoBit() {
    assertLookingBackChangesNoBit(Order.SHUFFLED, 7);
  }

  /** Each block would have to wait for all that begin after it, or for none. */
  @ParameterizedTest
  @Tag("thorough")
  @EnumSource
  void lookingBackChangesNoBitInOrder(Order order) {
    assertLookingBackChangesNoBit(order, 1, 2, 7, 16);
  }

  private void assertLookingBackChangesNoBit(Order order, int... counts) {
    try (Backend backend = CudaTesting.open()) {
      for (Batch batch :
          List.of(
              new Batch(Kind.HINGE, new LossExtent(1, 1, 40 * 4096 + 1), 0),
              new Batch(Kind.HINGE, new LossExtent(1, 1, 40 * 4096 - 1), 0.5f),
              new Batch(Kind.HINGE, new LossExtent(7, 1, 3 * 4096), 0.25f),
              new Batch(Kind.SOFTMAX, new LossExtent(3, 4, 4097), 1),
              new Batch(Kind.SOFTMAX, new LossExtent(1, 2, 8 * 4096 + 17), 0))) {
        EmulatedDriver.runBlocksBeside(0, Order.SHUFFLED, 0, 0);
        int[] expected = batch.run(backend, seed);
        EmulatedDriver.takeWaits();
        for (int threads : counts) {
          EmulatedDriver.runBlocksBeside(threads, order, seed, DELAY_MICROSECONDS);
          assertArrayEquals(
              expected,
              batch.run(backend, seed),
              () -> batch + " on " + threads + " threads, seed " + seed);
          int waits = EmulatedDriver.takeWaits();
          assertEquals(threads > 1, waits > 0, () -> batch + " on " + threads + ": " + waits);
        }
      }
    }
  }

  /** All that is told from block to block while they run, on the cases of every backend. */
  @Test
  @Tag("thorough")
  void agreesWithTheReference() {
    EmulatedDriver.runBlocksBeside(4, Order.SHUFFLED, seed, 0);
    Report report =
        Selftest.run(
            new SelftestOptions(List.of("cuda"), null, SUITES, false),
            new PrintStream(OutputStream.nullOutputStream()));
    assertEquals(List.of(), report.failures(), "seed " + seed);
    assertProves(report);
  }

  private static void assertProves(Report report) {
    for (String suite : SUITES) {
      assertTrue(
          report.results().stream()
              .anyMatch(r -> r.suite().equals(suite) && r.status() == Status.PASSED),
          suite);
    }
  }

  @Test
  void aSampleAgreesWithTheReference() {
    EmulatedDriver.runBlocksBeside(4, Order.SHUFFLED, seed, 0);
    Report report = BackendSuite.sample("cuda", SUITES);
    assertEquals(List.of(), report.failures(), "seed " + seed);
    assertProves(report);
  }

  /**
   * A loss to compute.
   *
   * @param step what all logits are a multiple of; 0 for any
   */
  private record Batch(Kind kind, LossExtent extent, float step) {

    /** Returns the bits of the gradient and the value. */
    int[] run(Backend backend, long seed) {
      var random = new Random(seed);
      boolean hinge = kind == Kind.HINGE;
      float[] logits = new float[Math.toIntExact(extent.elements())];
      for (int i = 0; i < logits.length; i++) {
        float x = (float) random.nextGaussian() * 2;
        logits[i] = step == 0 ? x : Math.round(x / step) * step;
      }
      byte[] labels = new byte[Math.toIntExact(hinge ? extent.elements() : extent.labels())];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = (byte) random.nextInt(hinge ? 2 : extent.classes());
      }
      LovaszPlan plan =
          backend
              .kernels()
              .lovasz()
              .prepare(
                  new LovaszSpec(
                      kind,
                      LossInput.LOGITS,
                      true,
                      Classes.PRESENT,
                      List.of(),
                      null,
                      DType.F32,
                      DType.U8));
      // whatever lies in scratch memory before must not matter
      byte[] scratch = new byte[Math.toIntExact(plan.scratchBytes(extent))];
      Arrays.fill(scratch, (byte) 0xa5);
      Span value = CudaTesting.upload(backend, new float[1]);
      Span gradient = CudaTesting.upload(backend, new float[logits.length]);
      Span[] others = {
        CudaTesting.upload(backend, logits),
        CudaTesting.upload(backend, DType.U8, MemorySegment.ofArray(labels)),
        CudaTesting.upload(backend, new float[] {1}),
        CudaTesting.upload(backend, DType.I64, MemorySegment.ofArray(new long[] {Long.MAX_VALUE})),
        CudaTesting.upload(backend, DType.U8, MemorySegment.ofArray(scratch))
      };
      plan.forwardBackward(
          others[0], others[1], extent, others[2], value, gradient, others[3], others[4]);
      int[] bits = new int[logits.length + 1];
      float[] found = CudaTesting.download(backend, gradient);
      for (int i = 0; i < found.length; i++) {
        bits[i] = Float.floatToRawIntBits(found[i]);
      }
      bits[logits.length] = Float.floatToRawIntBits(CudaTesting.download(backend, value)[0]);
      for (Span span : others) {
        backend.memory().release(span.buffer());
      }
      backend.memory().release(value.buffer());
      backend.memory().release(gradient.buffer());
      return bits;
    }
  }
}
