package dev.quern.simd.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.DType;
import dev.quern.reference.ReferenceProvider;
import dev.quern.simd.SimdArrayKernels;
import dev.quern.simd.SimdProvider;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.loss.SegmentationKernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Every kind of specification against the reference: the product of layouts, inputs, terms, forms,
 * target dtypes, ignore indices and scores per image or batch, on random batches of odd extents.
 * Arrays and any number of threads give the same bits.
 */
class FusedLossTest {
  private static final long SEED = Long.getLong("quern.seed", 20_261_123);
  private static final int IGNORED = 7;
  private static final float CANARY = 12345.678f;

  private final Backend backend = new SimdProvider().open(0);
  private final Backend reference = new ReferenceProvider().open(0);
  private final WorkerPool[] pools = {new WorkerPool(1, false), new WorkerPool(7, false)};
  private final Random random = new Random(SEED);
  private final List<String> failures = new ArrayList<>();
  private int checked;

  @Test
  void agreesWithTheReference() {
    System.out.println("seed " + SEED);
    for (Layout layout : Layout.values()) {
      for (LossInput input : LossInput.values()) {
        for (List<WeightedTerm> terms : terms(layout)) {
          for (TruePositiveForm form : forms(terms)) {
            for (DType dtype : List.of(DType.U8, DType.I32, DType.I64, DType.F32)) {
              for (@Nullable Integer ignored : Arrays.asList(null, IGNORED, 0)) {
                if (layout != Layout.ONE_HOT || (dtype == DType.F32 && ignored == null)) {
                  check(layout, input, terms, form, dtype, ignored);
                }
              }
            }
          }
        }
      }
    }
    System.out.println(checked + " batches");
    assertEquals(List.of(), failures.stream().limit(20).toList(), failures.size() + " failures");
    assertTrue(checked > 1000);
  }

  /** One pixel, one vector more or less, one chunk more or less, many classes, no images. */
  @Test
  void takesAnyExtent() {
    List<WeightedTerm> soft =
        List.of(term(LossTerm.Overlap.dice(1, 1e-7, false)), term(crossEntropy(0.1, List.of())));
    List<WeightedTerm> each =
        List.of(term(LossTerm.Overlap.dice(1, 1e-7, false)), term(new LossTerm.Bce(true)));
    List<WeightedTerm> hard =
        List.of(term(LossTerm.Overlap.dice(1, 1e-7, false)), term(crossEntropy(0, List.of())));
    for (int pixels : new int[] {0, 1, 15, 16, 17, 63, 65, 1023, 1025, 2049, 4095, 4097, 8193}) {
      for (boolean perImage : new boolean[] {false, true}) {
        for (int classes : new int[] {1, 2, 5}) {
          check(spec(Layout.ELEMENTS, each, classes, perImage, DType.U8), 3, pixels);
          check(spec(Layout.LABELS, soft, classes, perImage, DType.I64), 2, pixels);
          check(spec(Layout.LABELS, hard, classes, perImage, DType.U8), 2, pixels);
        }
      }
    }
    for (int classes : new int[] {31, 33, 100, 600}) {
      check(spec(Layout.LABELS, soft, classes, false, DType.I32), 2, 257);
      check(spec(Layout.LABELS, hard, classes, false, DType.I32), 2, 257);
      check(spec(Layout.ONE_HOT, soft, classes, true, DType.F32), 1, 131);
    }
    check(spec(Layout.LABELS, soft, 3, false, DType.U8), 0, 5);
    check(spec(Layout.ELEMENTS, each, 3, true, DType.U8), 0, 5);
    assertEquals(List.of(), failures);
  }

  /**
   * Some blocks with a large logit, others without, and pixels so sure of their label that only the
   * other classes' probabilities say how sure: loss and gradient keep all their digits.
   */
  @Test
  void labelsOfSureAndLargeLogits() {
    int pixels = 4096;
    int classes = 5;
    for (float largest : new float[] {20, 31, 33, 1000}) {
      FusedLossSpec spec =
          spec(Layout.LABELS, List.of(term(crossEntropy(0, List.of()))), classes, false, DType.U8);
      Batch batch = new Batch(spec, new LossExtent(1, classes, pixels));
      byte[] label = (byte[]) batch.target;
      for (int i = 0; i < pixels; i++) {
        label[i] = (byte) random.nextInt(classes);
        for (int c = 0; c < classes; c++) {
          boolean large = i / 1024 % 2 == 1 && i % 7 == 0;
          float own = large ? largest : 12;
          batch.x[c * pixels + i] = c == label[i] ? own : random.nextFloat() - 4;
        }
      }
      Outcome found = batch.run(backend, backend.kernels().segmentation());
      compare(
          "logits up to " + largest,
          batch.run(reference, reference.kernels().segmentation()),
          found);
      for (int i = 0; i < pixels; i++) {
        for (int c = 0; c < classes; c++) {
          double expected = 0.7 * -1.75 / pixels * slope(batch.x, label[i], c, i, pixels, classes);
          if (Math.abs(expected - found.gradient[c * pixels + i]) > 1e-5 * Math.abs(expected)) {
            failures.add(largest + " [" + c + ", " + i + "] " + found.gradient[c * pixels + i]);
          }
        }
      }
    }
    assertEquals(List.of(), failures.stream().limit(20).toList());
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
          List<WeightedTerm> terms = List.of(term(focal(ignored == null, gamma, 0, false, false)));
          FusedLossSpec spec =
              new FusedLossSpec(
                  Layout.ELEMENTS,
                  LossInput.LOGITS,
                  1,
                  false,
                  terms,
                  TruePositiveForm.MIN,
                  ignored,
                  DType.F32,
                  dtype,
                  null);
          focalBlocks(spec);
        }
      }
    }
    assertEquals(List.of(), failures.stream().limit(20).toList());
  }

  private void focalBlocks(FusedLossSpec spec) {
    int pixels = 8 * 1024;
    for (float special : new float[] {0, 86.9f, 87, -88, 1e4f, Float.NEGATIVE_INFINITY}) {
      Batch batch = new Batch(spec, new LossExtent(1, 1, pixels));
      for (int i = 0; i < pixels; i++) {
        batch.x[i] = 60 * (random.nextFloat() - 0.5f);
        int label = random.nextInt(2);
        if (batch.target instanceof float[] floats) {
          floats[i] = label == 0 && i % 3 == 0 ? -0.0f : label;
        } else {
          ((byte[]) batch.target)[i] = (byte) label;
        }
      }
      // blocks 0 and 4 to 7 are as plain as can be
      batch.x[1024 + random.nextInt(1024)] = special;
      int third = 2048 + random.nextInt(1024);
      int fourth = 3072 + random.nextInt(1024);
      if (batch.target instanceof float[] floats) {
        floats[third] = 0.25f;
        floats[fourth] = Math.nextDown(1.0f);
      } else {
        ((byte[]) batch.target)[third] = IGNORED;
      }
      Outcome found = batch.run(backend, backend.kernels().segmentation());
      String name = spec + " " + special;
      compare(name, batch.run(reference, reference.kernels().segmentation()), found);
      same(name + " arrays", found, batch.onArrays());
      for (WorkerPool pool : pools) {
        same(name + " threads", found, batch.run(backend, new SimdSegmentationKernels(pool)));
      }
    }
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

  private static FusedLossSpec spec(
      Layout layout, List<WeightedTerm> terms, int classes, boolean perImage, DType dtype) {
    return new FusedLossSpec(
        layout,
        LossInput.LOGITS,
        classes,
        perImage,
        terms,
        TruePositiveForm.MIN,
        layout == Layout.ONE_HOT ? null : 200,
        DType.F32,
        dtype,
        null);
  }

  private static WeightedTerm term(LossTerm term) {
    return new WeightedTerm(term, 0.7);
  }

  private static LossTerm crossEntropy(double smoothing, List<Double> weights) {
    return new LossTerm.CrossEntropy(true, smoothing, weights);
  }

  private static LossTerm focal(
      boolean mean, double gamma, double threshold, boolean linear, boolean normalized) {
    return new LossTerm.Focal(mean, gamma, 0.25, 0.75, threshold, linear, normalized, List.of());
  }

  private static List<TruePositiveForm> forms(List<WeightedTerm> terms) {
    return terms.stream().anyMatch(t -> t.term() instanceof LossTerm.Overlap)
        ? List.of(TruePositiveForm.values())
        : List.of(TruePositiveForm.MIN);
  }

  private static List<List<WeightedTerm>> terms(Layout layout) {
    WeightedTerm dice = term(LossTerm.Overlap.dice(0, 1e-7, false));
    WeightedTerm log = term(LossTerm.Overlap.jaccard(1, 1e-7, true));
    WeightedTerm tversky =
        term(
            new LossTerm.Overlap(
                0.3, 0.7, 4.0 / 3, 1, 2, 1e-7, false, false, List.of(0.5, 0.2, 0.3)));
    var lists = new ArrayList<List<WeightedTerm>>();
    lists.add(List.of(dice));
    lists.add(List.of(tversky, log));
    List<LossTerm> focals =
        List.of(
            focal(true, 2, 0, false, false),
            focal(false, 1.5, 0, true, false),
            focal(true, 0, 0, false, true),
            focal(true, 0.5, 0.4, false, true),
            new LossTerm.Focal(true, 3, 1, 1, 0.5, true, false, List.of(0.1, 0.6, 0.3)));
    for (LossTerm focal : focals) {
      lists.add(List.of(term(focal)));
    }
    lists.add(List.of(dice, term(focals.get(0))));
    if (layout == Layout.ELEMENTS) {
      WeightedTerm bce = term(new LossTerm.Bce(true));
      List<LossTerm> others =
          List.of(
              new LossTerm.Bce(false),
              new LossTerm.Bce(true, 0.1, false, List.of()),
              new LossTerm.Bce(true, 0, true, List.of(2.0, 0.5, 1.5)),
              new LossTerm.Bce(false, 0, false, List.of(3.0, 1.0, 0.25)),
              new LossTerm.Bce(true, 0.05, true, List.of()));
      lists.add(List.of(bce));
      lists.add(List.of(dice, bce));
      lists.add(List.of(dice, term(others.get(4)), term(focals.get(3))));
      for (LossTerm other : others) {
        lists.add(List.of(term(other)));
        lists.add(List.of(term(other), log));
      }
    } else {
      List<LossTerm> others =
          List.of(
              crossEntropy(0, List.of()),
              crossEntropy(0.1, List.of()),
              crossEntropy(0.1, List.of(0.5, 2.0, 0.0)),
              new LossTerm.SoftmaxFocal(true, 2, List.of()),
              new LossTerm.SoftmaxFocal(false, 0, List.of(1.0, 2.0, 3.0)),
              new LossTerm.SoftmaxFocal(true, 0.5, List.of(1.0, 2.0, 3.0)));
      for (LossTerm other : others) {
        lists.add(List.of(term(other)));
        lists.add(List.of(dice, term(other)));
      }
      lists.add(List.of(term(others.get(2)), term(others.get(3)), term(focals.get(0)), dice));
    }
    return lists;
  }

  private void check(
      Layout layout,
      LossInput input,
      List<WeightedTerm> terms,
      TruePositiveForm form,
      DType dtype,
      @Nullable Integer ignored) {
    for (boolean perImage : new boolean[] {false, true}) {
      Float cut = layout == Layout.ELEMENTS && random.nextBoolean() ? Float.valueOf(0.3f) : null;
      FusedLossSpec spec =
          new FusedLossSpec(
              layout, input, 3, perImage, terms, form, ignored, DType.F32, dtype, cut);
      // with and without padding
      check(
          spec, 2, random.nextBoolean() ? 16 * (1 + random.nextInt(18)) : 1 + random.nextInt(300));
    }
  }

  private void check(FusedLossSpec spec, int images, int pixels) {
    checked++;
    LossExtent extent = new LossExtent(images, spec.classes(), pixels);
    Batch batch = new Batch(spec, extent);
    String name = spec + " " + extent;
    Outcome expected = batch.run(reference, reference.kernels().segmentation());
    Outcome found = batch.run(backend, backend.kernels().segmentation());
    compare(name, expected, found);
    for (WorkerPool pool : pools) {
      same(name + " threads", found, batch.run(backend, new SimdSegmentationKernels(pool)));
    }
    if (batch.weight == null) {
      same(name + " arrays", found, batch.onArrays());
    }
  }

  private void compare(String name, Outcome expected, Outcome found) {
    if (!near(expected.value, found.value, 1e-5f * Math.abs(expected.value) + 1e-7f)
        || !near(expected.forward, found.forward, 1e-5f * Math.abs(expected.forward) + 1e-7f)) {
      failures.add(
          name + " value " + expected.value + " but " + found.value + ", " + found.forward);
    }
    closest(name + " gradient", expected.gradient, found.gradient);
    closest(name + " losses", expected.losses, found.losses);
    if (!Arrays.equals(expected.counts, found.counts)) {
      failures.add(
          name + " counts " + Arrays.toString(expected.counts) + Arrays.toString(found.counts));
    }
    if (expected.fault != found.fault) {
      failures.add(name + " fault " + expected.fault + " but " + found.fault);
    }
  }

  private void closest(String name, float[] expected, float[] found) {
    float largest = 0;
    for (float g : expected) {
      largest = Float.isFinite(g) ? Math.max(largest, Math.abs(g)) : largest;
    }
    for (int i = 0; i < expected.length; i++) {
      if (!near(expected[i], found[i], 1e-5f * largest)) {
        failures.add(
            String.format(Locale.ROOT, "%s [%d] %s but %s", name, i, expected[i], found[i]));
        return;
      }
    }
  }

  private static boolean near(float expected, float found, float tolerance) {
    return Float.isNaN(expected)
        ? Float.isNaN(found)
        : expected == found || Math.abs(expected - found) <= tolerance;
  }

  private void same(String name, Outcome expected, Outcome found) {
    boolean equal =
        Float.floatToIntBits(expected.value) == Float.floatToIntBits(found.value)
            && Float.floatToIntBits(expected.forward) == Float.floatToIntBits(found.forward)
            && Arrays.equals(expected.gradient, found.gradient)
            && Arrays.equals(expected.counts, found.counts)
            && expected.fault == found.fault;
    if (!equal) {
      failures.add(name + " differ");
    }
  }

  private static final class Outcome {
    final float value;
    final float forward;
    final float[] gradient;
    final float[] losses;
    final long[] counts;
    final long fault;

    Outcome(
        float value, float forward, float[] gradient, float[] losses, long[] counts, long fault) {
      this.value = value;
      this.forward = forward;
      this.gradient = gradient;
      this.losses = losses;
      this.counts = counts;
      this.fault = fault;
    }
  }

  /** Random operands on the heap: inputs, targets (some ignored and faulty), weights. */
  private final class Batch {
    final FusedLossSpec spec;
    final LossExtent extent;
    final float[] x;
    final Object target;
    final float @Nullable [] weight;

    Batch(FusedLossSpec spec, LossExtent extent) {
      this.spec = spec;
      this.extent = extent;
      int n = (int) extent.elements();
      x = new float[n];
      boolean infinite = random.nextInt(8) == 0;
      for (int i = 0; i < n; i++) {
        x[i] =
            spec.input() == LossInput.LOGITS
                ? 6 * (2 * random.nextFloat() - 1) * (infinite && i % 5 == 0 ? 2000 : 1)
                : random.nextInt(9) == 0 ? random.nextInt(2) : random.nextFloat();
      }
      if (spec.input() == LossInput.PROBABILITIES && spec.layout() != Layout.ELEMENTS) {
        // as a softmax leaves them, so that logarithms of 0 are as rare as there
        for (int i = 0; i < n; i++) {
          x[i] = 0.001f + 0.998f * x[i];
        }
      }
      int targets = (int) spec.targetLength(extent);
      target = targets(targets);
      LossTerm.Bce bce = spec.find(LossTerm.Bce.class);
      weight = bce != null && bce.weighted() ? new float[n] : null;
      for (int i = 0; weight != null && i < n; i++) {
        weight[i] = random.nextInt(5) == 0 ? 0 : 3 * random.nextFloat();
      }
    }

    private Object targets(int n) {
      boolean soft = spec.targetDtype() == DType.F32 && spec.layout() != Layout.LABELS;
      boolean hard = random.nextBoolean();
      Integer ignored = spec.ignoreIndex();
      boolean faults = !soft && random.nextInt(4) == 0;
      boolean all = random.nextInt(12) == 0;
      int labels = spec.layout() == Layout.LABELS ? spec.classes() : 2;
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = soft && !hard ? random.nextFloat() : random.nextInt(labels);
        if (soft && random.nextInt(6) == 0) {
          values[i] = random.nextInt(2);
        }
        if (ignored != null && (all || random.nextInt(5) == 0)) {
          values[i] = ignored;
          int pixels = (int) extent.pixels();
          int classes = spec.layout() == Layout.LABELS ? spec.classes() : 1;
          for (int c = 0; c < classes; c++) {
            // whatever an ignored element is, it changes nothing
            x[i / pixels * classes * pixels + c * pixels + i % pixels] =
                i % 3 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
          }
        }
        if (faults && random.nextInt(20) == 0) {
          values[i] = labels + random.nextInt(3);
        }
      }
      return switch (spec.targetDtype()) {
        case U8 -> {
          byte[] bytes = new byte[n];
          for (int i = 0; i < n; i++) {
            bytes[i] = (byte) values[i];
          }
          yield bytes;
        }
        case I32 -> {
          int[] ints = new int[n];
          for (int i = 0; i < n; i++) {
            ints[i] = (int) values[i];
          }
          yield ints;
        }
        case I64 -> {
          long[] longs = new long[n];
          for (int i = 0; i < n; i++) {
            longs[i] = (long) values[i];
          }
          yield longs;
        }
        default -> values;
      };
    }

    MemorySegment targetSegment() {
      return switch (target) {
        case byte[] a -> MemorySegment.ofArray(a);
        case int[] a -> MemorySegment.ofArray(a);
        case long[] a -> MemorySegment.ofArray(a);
        case float[] a -> MemorySegment.ofArray(a);
        default -> throw new IllegalStateException();
      };
    }

    Outcome run(Backend on, SegmentationKernels kernels) {
      FusedLossPlan plan = kernels.prepare(spec);
      int n = x.length;
      int rows = spec.layout() == Layout.ELEMENTS ? n : (int) extent.labels();
      Span logits = span(on, DType.F32, MemorySegment.ofArray(x));
      Span targets = span(on, spec.targetDtype(), targetSegment());
      Span w = weight == null ? null : span(on, DType.F32, MemorySegment.ofArray(weight));
      LossOperands operands = new LossOperands(logits, targets, w, extent);
      Span upstream = span(on, DType.F32, MemorySegment.ofArray(new float[] {-1.75f}));
      Span value = span(on, DType.F32, MemorySegment.ofArray(new float[1]));
      Span gradient = canaried(on, n);
      Span losses = canaried(on, rows);
      long[] none = {0, 0, 0, 0};
      Span counts =
          spec.countCut() == null ? null : span(on, DType.I64, MemorySegment.ofArray(none));
      Span fault = span(on, DType.I64, MemorySegment.ofArray(new long[] {Long.MAX_VALUE}));
      Span scratch =
          Span.of(
              on.memory().allocate(plan.scratchBytes(extent)), DType.U8, plan.scratchBytes(extent));
      plan.forward(operands, value, counts, fault, scratch);
      float forward = HostBuffer.segment(value).get(ValueLayout.JAVA_FLOAT, 0);
      plan.forwardBackward(operands, upstream, value, gradient, counts, fault, scratch);
      if (spec.hasLosses()) {
        plan.losses(operands, losses, fault, scratch);
      }
      float[] inPlace = floats(logits);
      plan.forwardBackward(operands, upstream, value, logits, counts, fault, scratch);
      float[] written = floats(gradient);
      if (!Arrays.equals(floats(logits), written)) {
        failures.add(spec + " " + extent + " differs in place");
      }
      if (!Arrays.equals(inPlace, x)) {
        failures.add(spec + " changed its logits");
      }
      return new Outcome(
          HostBuffer.segment(value).get(ValueLayout.JAVA_FLOAT, 0),
          forward,
          written,
          floats(losses),
          counts == null ? new long[4] : HostBuffer.segment(counts).toArray(ValueLayout.JAVA_LONG),
          HostBuffer.segment(fault).get(ValueLayout.JAVA_LONG, 0));
    }

    Outcome onArrays() {
      float[] gradient = new float[x.length];
      long[] counts = new long[4];
      ArrayKernels kernels = new SimdArrayKernels(WorkerPool.shared());
      boolean counted = spec.countCut() != null;
      ArrayKernels.Result forward =
          kernels.loss(
              spec,
              extent,
              MemorySegment.ofArray(x),
              targetSegment(),
              1,
              null,
              counted ? counts : null);
      for (int i = 0; i < 2; i++) {
        ArrayKernels.Result both =
            kernels.loss(
                spec,
                extent,
                MemorySegment.ofArray(x),
                targetSegment(),
                -1.75f,
                MemorySegment.ofArray(gradient),
                counted ? counts : null);
        assertEquals(forward.fault(), both.fault());
        if (i == 1) {
          return new Outcome(
              both.value(), forward.value(), gradient, new float[0], counts, both.fault());
        }
      }
      throw new IllegalStateException();
    }

    private Span canaried(Backend on, int n) {
      float[] canaries = new float[n];
      Arrays.fill(canaries, CANARY);
      return span(on, DType.F32, MemorySegment.ofArray(canaries));
    }

    private float[] floats(Span span) {
      // beyond the span lies a canary
      MemorySegment all = ((HostBuffer) span.buffer()).segment();
      assertEquals(CANARY, all.get(ValueLayout.JAVA_FLOAT_UNALIGNED, span.byteSize()));
      return HostBuffer.segment(span).toArray(ValueLayout.JAVA_FLOAT);
    }

    private static Span span(Backend on, DType dtype, MemorySegment values) {
      long bytes = values.byteSize();
      var buffer = on.memory().allocate(bytes + 4);
      MemorySegment all = ((HostBuffer) buffer).segment();
      MemorySegment.copy(values, 0, all, 0, bytes);
      all.set(ValueLayout.JAVA_FLOAT_UNALIGNED, bytes, CANARY);
      return new Span(buffer, dtype, 0, bytes / dtype.bytes());
    }
  }
}
