package dev.quern.simd;

import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.bench.cases.LossProduct;
import dev.quern.bench.kernels.DrawnLoss;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Fused losses on arrays and by any number of threads give the same bits, and so do the loops for
 * blocks of a special kind. That every kind of loss agrees with the reference, the suite {@code
 * losses} of all backends says.
 */
class FusedLossTest {
  private static final int IGNORED = 7;

  private final Backend backend = new SimdProvider().open(0);
  private final Backend reference = new ReferenceProvider().open(0);
  private final List<Backend> others = List.of(withThreads(1), withThreads(7));
  private final ArrayKernels arrays = new SimdArrayKernels(WorkerPool.shared());
  private final Random random = new Random(20_261_123);
  private final List<String> failures = new ArrayList<>();

  private Backend withThreads(int threads) {
    return new SimdBackend(backend.device(), new WorkerPool(threads, false));
  }

  /** A prime as the step, so that from a product of options every option comes in turn. */
  @Test
  void arraysAndThreadsGiveTheSameBits() {
    haveTheSameBits(13);
  }

  @Test
  @Tag("thorough")
  void arraysAndThreadsGiveTheSameBitsForEveryKindOfLoss() {
    haveTheSameBits(1);
  }

  private void haveTheSameBits(int step) {
    List<DrawnLoss> product = LossProduct.all();
    assertTrue(product.size() > 4000);
    for (int i = step / 2; i < product.size(); i += step) {
      DrawnLoss loss = product.get(i);
      Map<String, HostArray> found = results(backend, loss.kernelCase().setup()::on);
      for (Backend other : others) {
        same(loss.name() + " threads", found, results(other, loss.kernelCase().setup()::on));
      }
      if (loss.weight() == null) {
        HostArray target = loss.target();
        same(
            loss.name() + " arrays",
            found,
            onArrays(loss.spec(), loss.extent(), loss.inputs(), target, found));
      }
    }
    assertEquals(List.of(), failures.stream().limit(20).toList(), failures.size() + " failures");
  }

  /** Places operands and gives the call. */
  private interface Setup {
    Runnable on(Workbench bench);
  }

  private static Map<String, HostArray> results(Backend on, Setup setup) {
    var results = new TreeMap<String, HostArray>();
    try (var bench = new Workbench(on, Workbench.Fill.ONES)) {
      setup.on(bench).run();
      for (Result result : bench.results()) {
        results.put(result.name(), result.values());
      }
    }
    return results;
  }

  private void same(String name, Map<String, HostArray> expected, Map<String, HostArray> found) {
    found.forEach((what, values) -> {
      HostArray wanted = expected.get(what);
      if (wanted == null || !wanted.sameBits(values)) {
        failures.add(name + " " + what);
      }
    });
  }

  /** What arrays give; counts are added to as often as the case on memory does. */
  private Map<String, HostArray> onArrays(
      FusedLossSpec spec,
      LossExtent extent,
      float[] inputs,
      HostArray target,
      Map<String, HostArray> expected) {
    MemorySegment x = MemorySegment.ofArray(inputs);
    MemorySegment t = onHeap(target);
    float[] gradient = new float[inputs.length];
    boolean counted = expected.containsKey("counts");
    long[] counts = {1, 20, 300, 4000};
    long @Nullable [] counters = counted ? counts : null;
    ArrayKernels.Result alone = arrays.loss(spec, extent, x, t, 1, null, counters);
    ArrayKernels.Result both = alone;
    for (int i = 0; i < 2; i++) {
      MemorySegment out = MemorySegment.ofArray(gradient);
      both = arrays.loss(spec, extent, x, t, DrawnLoss.UPSTREAM, out, counters);
    }
    var results = new TreeMap<String, HostArray>();
    if (expected.containsKey("value alone")) {
      results.put("value alone", HostArray.of(alone.value()));
    }
    results.put("value", HostArray.of(both.value()));
    results.put("gradient", HostArray.of(gradient));
    results.put("fault", HostArray.of(both.fault()));
    if (counted) {
      results.put("counts", HostArray.of(counts));
    }
    return results;
  }

  private static MemorySegment onHeap(HostArray values) {
    MemorySegment from = values.segment();
    return switch (values.dtype()) {
      case U8 -> MemorySegment.ofArray(new byte[values.length()]).copyFrom(from);
      case I32 -> MemorySegment.ofArray(new int[values.length()]).copyFrom(from);
      case I64 -> MemorySegment.ofArray(new long[values.length()]).copyFrom(from);
      default -> MemorySegment.ofArray(new float[values.length()]).copyFrom(from);
    };
  }

  private static Setup forwardBackward(
      FusedLossSpec spec, LossExtent extent, float[] inputs, HostArray target) {
    return bench -> {
      FusedLossPlan plan = bench.backend().kernels().segmentation().prepare(spec);
      Span x = bench.input("inputs", HostArray.of(inputs));
      LossOperands operands = new LossOperands(x, bench.input("target", target), null, extent);
      Span upstream = bench.input("upstream", HostArray.of(DrawnLoss.UPSTREAM));
      Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
      Span gradient = bench.output("gradient", DType.F32, inputs.length, Tolerance.GRADIENT);
      Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
      Span scratch = bench.scratch(plan.scratchBytes(extent));
      return () -> plan.forwardBackward(operands, upstream, value, gradient, null, fault, scratch);
    };
  }

  private void near(String name, Map<String, HostArray> expected, Map<String, HostArray> found) {
    expected.forEach((what, values) -> {
      Tolerance tolerance = what.equals("value") ? Tolerance.LOSS : Tolerance.GRADIENT;
      tolerance
          .compare(name + " " + what, values.doubles(), requireNonNull(found.get(what)).doubles())
          .ifPresent(failures::add);
    });
  }

  private static FusedLossSpec spec(
      Layout layout, LossTerm term, int classes, DType target, @Nullable Integer ignored) {
    return new FusedLossSpec(
        layout,
        LossInput.LOGITS,
        classes,
        false,
        List.of(new WeightedTerm(term, 0.7)),
        TruePositiveForm.MIN,
        ignored,
        DType.F32,
        target,
        null);
  }

  /**
   * Some blocks with a large logit, others without, and pixels so sure of their label that only the
   * other classes' probabilities say how sure: loss and gradient keep all their digits.
   */
  @Test
  void labelsOfSureAndLargeLogits() {
    int pixels = 4096;
    int classes = 5;
    LossTerm crossEntropy = new LossTerm.CrossEntropy(true, 0, List.of());
    FusedLossSpec spec = spec(Layout.LABELS, crossEntropy, classes, DType.U8, 200);
    LossExtent extent = new LossExtent(1, classes, pixels);
    for (float largest : new float[] {20, 31, 33, 1000}) {
      float[] x = new float[classes * pixels];
      byte[] label = new byte[pixels];
      for (int i = 0; i < pixels; i++) {
        label[i] = (byte) random.nextInt(classes);
        for (int c = 0; c < classes; c++) {
          boolean large = i / 1024 % 2 == 1 && i % 7 == 0;
          float own = large ? largest : 12;
          x[c * pixels + i] = c == label[i] ? own : random.nextFloat() - 4;
        }
      }
      Setup setup = forwardBackward(spec, extent, x, HostArray.of(label));
      Map<String, HostArray> found = results(backend, setup);
      near("logits up to " + largest, results(reference, setup), found);
      double[] gradient = requireNonNull(found.get("gradient")).doubles();
      for (int i = 0; i < pixels; i++) {
        for (int c = 0; c < classes; c++) {
          double expected = 0.7 * -1.75 / pixels * slope(x, label[i], c, i, pixels, classes);
          if (Math.abs(expected - gradient[c * pixels + i]) > 1e-5 * Math.abs(expected)) {
            failures.add(largest + " [" + c + ", " + i + "] " + gradient[c * pixels + i]);
          }
        }
      }
    }
    assertEquals(List.of(), failures.stream().limit(20).toList());
  }

  /** p - t in f64 without cancellation. */
  private static double slope(float[] x, int label, int c, int i, int pixels, int classes) {
    double all = 0;
    double others = 0;
    for (int k = 0; k < classes; k++) {
      double e = Math.exp((double) x[k * pixels + i] - x[label * pixels + i]);
      all += e;
      others += k == label ? 0 : e;
    }
    return c == label
        ? -others / all
        : Math.exp((double) x[c * pixels + i] - x[label * pixels + i]) / all;
  }

  /**
   * The focal loss of blocks of hard targets and moderate logits among others: the same bits as on
   * arrays, which know no such blocks.
   */
  @Test
  void focalBlocksOfEveryKind() {
    for (double gamma : new double[] {0.5, 1, 1.5, 2, 2.3, 5}) {
      for (DType dtype : List.of(DType.F32, DType.U8)) {
        for (@Nullable Integer ignored : Arrays.asList(null, IGNORED)) {
          LossTerm focal =
              new LossTerm.Focal(ignored == null, gamma, 0.25, 0.75, 0, false, false, List.of());
          focalBlocks(spec(Layout.ELEMENTS, focal, 1, dtype, ignored));
        }
      }
    }
    assertEquals(List.of(), failures.stream().limit(20).toList());
  }

  private void focalBlocks(FusedLossSpec spec) {
    int pixels = 8 * 1024;
    LossExtent extent = new LossExtent(1, 1, pixels);
    boolean floats = spec.targetDtype() == DType.F32;
    for (float special : new float[] {0, 86.9f, 87, -88, 1e4f, Float.NEGATIVE_INFINITY}) {
      float[] x = new float[pixels];
      float[] t = new float[pixels];
      for (int i = 0; i < pixels; i++) {
        x[i] = 60 * (random.nextFloat() - 0.5f);
        int label = random.nextInt(2);
        t[i] = floats && label == 0 && i % 3 == 0 ? -0.0f : label;
      }
      // blocks 0 and 4 to 7 are as plain as can be
      x[1024 + random.nextInt(1024)] = special;
      t[2048 + random.nextInt(1024)] = floats ? 0.25f : IGNORED;
      if (floats) {
        t[3072 + random.nextInt(1024)] = Math.nextDown(1.0f);
      }
      HostArray target = floats ? HostArray.of(t) : HostArray.of(DType.U8, ints(t));
      Setup setup = forwardBackward(spec, extent, x, target);
      Map<String, HostArray> found = results(backend, setup);
      String name = spec + " " + special;
      near(name, results(reference, setup), found);
      same(name + " arrays", found, onArrays(spec, extent, x, target, found));
      for (Backend other : others) {
        same(name + " threads", found, results(other, setup));
      }
    }
  }

  private static int[] ints(float[] values) {
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = (int) values[i];
    }
    return ints;
  }
}
