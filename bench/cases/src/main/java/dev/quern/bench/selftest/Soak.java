package dev.quern.bench.selftest;

import com.sun.management.ThreadMXBean;
import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.PendingValue;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.metric.BinaryJaccardIndex;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.spi.tensor.PhiloxStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * Takes many training steps of a fixed shape and watches memory: Dice + BCE with confusion counts
 * over 64 x 64 images, whose logits are themselves the parameters, and an Adam step with the
 * reduction before it; the loss is read one step late. A main class of its own too: {@code Soak
 * BACKEND STEPS}.
 */
public final class Soak {
  private static final int IMAGES = 4;
  private static final int SIDE = 64;

  /**
   * Steps before the first reading: by then the loops are compiled and all blocks are there. After
   * other work in the same process 2,000 were once too few for the compiler.
   */
  private static final int WARM_UP = 6000;

  /**
   * Resident memory is read after each leg of the steps and a collection: in one leg the virtual
   * machine touches more of its heap, in another it gives some back; what leaks grows in all.
   */
  private static final int LEGS = 5;

  private Soak() {}

  /**
   * What a soak found.
   *
   * @param steps the steps measured, after the warm-up
   * @param heapBytesPerStep Java heap allocated per step, all threads
   * @param deviceAllocations how often the device was asked for memory during those steps
   * @param residentGrowth growth of the process's resident memory in bytes, the median of five legs
   *     of the steps, times five; 0 where the system does not tell
   * @param firstLoss the loss of the first step
   * @param lastLoss the loss of the last step
   */
  public record Result(
      long steps,
      long heapBytesPerStep,
      long deviceAllocations,
      long residentGrowth,
      float firstLoss,
      float lastLoss) {}

  /**
   * Runs from the command line.
   *
   * @param args the backend's name and the number of steps
   */
  public static void main(String[] args) {
    try (Engine engine = Engine.open(args[0])) {
      Result r = run(engine, Long.parseLong(args[1]));
      System.out.printf(
          Locale.ROOT,
          "%s: %d steps, %d heap bytes a step, %d device allocations, resident memory %+.1f MiB, loss %.6f to %.6f%n",
          engine.device().id(),
          r.steps,
          r.heapBytesPerStep,
          r.deviceAllocations,
          r.residentGrowth / 1048576.0,
          r.firstLoss,
          r.lastLoss);
    }
  }

  /**
   * Takes the steps.
   *
   * @param engine where
   * @param steps how many, after {@value #WARM_UP} steps of warm-up
   * @return what memory did
   */
  public static Result run(Engine engine, long steps) {
    int pixels = IMAGES * SIDE * SIDE;
    SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
    byte[] labels = new byte[pixels];
    for (int i = 0; i < pixels; i++) {
      labels[i] = (byte) ((i / 16 + i / SIDE / 16) % 2);
    }
    float[] initial =
        engine.scoped(() -> engine.uniform(new PhiloxStream(7, 0, 0, 0), pixels).toFloatArray());
    try (ParameterStore store =
            ParameterStore.builder(engine).add("logits", initial, IMAGES, 1, SIDE, SIDE).build();
        Adam adam =
            Adam.builder(store)
                .options(new AdamOptions().withLr(1e-4))
                .clipNorm(10)
                .skipNonFinite(true)
                .build();
        BinaryJaccardIndex metric = new BinaryJaccardIndex(engine);
        Tensor target = engine.tensor(labels, IMAGES, 1, SIDE, SIDE).detach();
        Tensor zero = engine.zeros(DType.F32, Shape.of(IMAGES, 1, SIDE, SIDE)).detach()) {
      Step step = new Step(engine, loss, store, adam, metric, target, zero);
      float first = step.take();
      for (int i = 1; i < WARM_UP; i++) {
        step.take();
      }
      engine.synchronize();
      System.gc();
      long heap = allocatedHeap();
      long resident = residentBytes();
      long[] growth = new long[LEGS];
      long allocations = engine.memory().allocations();
      float last = first;
      for (int leg = 0; leg < LEGS; leg++) {
        for (long i = steps * leg / LEGS; i < steps * (leg + 1) / LEGS; i++) {
          last = step.take();
        }
        engine.synchronize();
        System.gc();
        long now = residentBytes();
        growth[leg] = now - resident;
        resident = now;
      }
      Arrays.sort(growth);
      return new Result(
          steps,
          (allocatedHeap() - heap) / steps,
          engine.memory().allocations() - allocations,
          LEGS * growth[LEGS / 2],
          first,
          last);
    }
  }

  /** One training step; the loss it returns is that of the step before. */
  private static final class Step {
    private final Engine engine;
    private final SegmentationLoss loss;
    private final ParameterStore store;
    private final Adam adam;
    private final BinaryJaccardIndex metric;
    private final Tensor target;
    private final Tensor zero;
    private PendingValue pending;

    Step(
        Engine engine,
        SegmentationLoss loss,
        ParameterStore store,
        Adam adam,
        BinaryJaccardIndex metric,
        Tensor target,
        Tensor zero) {
      this.engine = engine;
      this.loss = loss;
      this.store = store;
      this.adam = adam;
      this.metric = metric;
      this.target = target;
      this.zero = zero;
      this.pending = enqueue();
    }

    float take() {
      PendingValue before = pending;
      pending = enqueue();
      return before.await();
    }

    private PendingValue enqueue() {
      return engine.scoped(() -> {
        Tensor logits = store.parameter("logits").add(zero);
        var result = loss.forwardBackward(logits, target, engine.one(), metric);
        Tensor gradient = store.gradient("logits");
        engine.submit(b -> b.pointwise().copy(result.gradient().span(), gradient.span()));
        adam.step();
        return result.value().itemLater();
      });
    }
  }

  private static long allocatedHeap() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
  }

  /** The process's resident set, from Linux's accounting; 0 elsewhere. */
  private static long residentBytes() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
        }
      }
    } catch (IOException e) {
      return 0;
    }
    return 0;
  }
}
