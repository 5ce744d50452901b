package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.DType;
import dev.quern.loss.LovaszLoss;
import dev.quern.simd.work.WorkerPool;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.host.ArrayKernels;
import dev.quern.spi.host.HostBuffer;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.optim.AdamCoefficients;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.GradientControl;
import dev.quern.spi.optim.GradientRule;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.SegmentTable;
import dev.quern.spi.tensor.BinaryOp;
import dev.quern.spi.tensor.PhiloxStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Measures the SIMD backend against this machine's own copy bandwidth, all in one process: the
 * kernels take turns, and medians over the rounds are printed. The only argument is the number of
 * rounds.
 */
final class CpuSpeed {
  private static final long PARAMETERS = 33_554_432;
  private static final long PIXELS = 8L << 20;

  private final Backend backend = new SimdProvider().open(0);
  private final List<Measured> kernels = new ArrayList<>();

  private CpuSpeed() {}

  /** A kernel, the bytes it must move or the operations it must do, and its times. */
  private static final class Measured {
    final String name;
    final double work;
    final String unit;
    final Runnable call;
    final double[] nanos;

    Measured(String name, double work, String unit, Runnable call, int rounds) {
      this.name = name;
      this.work = work;
      this.unit = unit;
      this.call = call;
      this.nanos = new double[rounds];
    }
  }

  public static void main(String[] args) {
    int rounds = args.length > 0 ? Integer.parseInt(args[0]) : 15;
    new CpuSpeed().run(rounds);
  }

  private void run(int rounds) {
    System.out.println(backend.device());
    addCopy(rounds);
    addAdam(rounds);
    addLosses(rounds);
    addLovasz(rounds, "random", 0);
    addLovasz(rounds, "trained", 2.5f);
    for (DType target : List.of(DType.U8, DType.I64, DType.F32)) {
      addCounts(rounds, target);
    }
    addArrays(rounds);
    addMatrix(rounds, "rows 1e6 x 30 times vector", false, 1_000_000, 1, 30, 4 * 31e6);
    addMatrix(rounds, "30 x 1e6 transposed times vector", true, 30, 1, 1_000_000, 4 * 31e6);
    addMatrix(rounds, "1024 x 1024 x 1024", false, 1024, 1024, 1024, 0);
    Span x = random(PARAMETERS, 1);
    Span scratch = bytes(backend.kernels().reduction().scratchBytes(PARAMETERS));
    Span out = floats(1);
    add(
        rounds,
        "sum",
        4.0 * PARAMETERS,
        "GB/s",
        () -> backend.kernels().reduction().sum(x, out, scratch));
    Span drawn = floats(PIXELS);
    PhiloxStream stream = new PhiloxStream(1, 0, 0, 0);
    add(
        rounds,
        "uniform",
        4.0 * PIXELS,
        "GB/s",
        () -> backend.kernels().random().uniform(stream, 0, drawn));

    for (Measured kernel : kernels) {
      warmUp(kernel.call);
    }
    for (int round = 0; round < rounds; round++) {
      for (Measured kernel : kernels) {
        long start = System.nanoTime();
        kernel.call.run();
        kernel.nanos[round] = System.nanoTime() - start;
      }
    }
    for (Measured kernel : kernels) {
      Arrays.sort(kernel.nanos);
      double median = kernel.nanos[rounds / 2];
      System.out.printf(
          Locale.ROOT,
          "%-40s %8.2f ms (best %.2f) %8.1f %s%n",
          kernel.name,
          median / 1e6,
          kernel.nanos[0] / 1e6,
          kernel.work / median,
          kernel.unit);
    }
    // of the first two
    double copy = kernels.get(0).work / kernels.get(0).nanos[rounds / 2];
    double adam = kernels.get(1).work / kernels.get(1).nanos[rounds / 2];
    System.out.printf(Locale.ROOT, "Adam / copy: %.2f%n", adam / copy);
  }

  /** Calls until the loops are compiled, which takes the compiler a while beside the kernels. */
  private static void warmUp(Runnable call) {
    long end = System.currentTimeMillis() + 2000;
    while (System.currentTimeMillis() < end) {
      call.run();
    }
  }

  private void add(int rounds, String name, double work, String unit, Runnable call) {
    kernels.add(new Measured(name, work, unit, call, rounds));
  }

  private void addCopy(int rounds) {
    Span from = random(PARAMETERS, 2);
    Span to = floats(PARAMETERS);
    add(
        rounds,
        "copy 33.5 M",
        8.0 * PARAMETERS,
        "GB/s",
        () -> backend.kernels().pointwise().copy(from, to));
  }

  private void addAdam(int rounds) {
    Span p = random(PARAMETERS, 3);
    Span g = random(PARAMETERS, 4);
    Span m = zeros(PARAMETERS);
    Span v = zeros(PARAMETERS);
    Span max = zeros(PARAMETERS);
    Span control = zeros(GradientControl.LENGTH);
    AdamGroup plain = new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 1, 0);
    int flags = OptimizerFlags.AMSGRAD | OptimizerFlags.L1 | OptimizerFlags.CLIP_VALUE;
    AdamGroup rich = new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 1e-4, 0.5, 1, flags);
    OptimizerArena arena = arena(p, g, plain);
    OptimizerArena richArena = arena(p, g, rich);
    Span scratch = bytes(backend.kernels().optimizer().scratchBytes(arena));
    Span none = rule(Double.POSITIVE_INFINITY);
    Span one = rule(1);
    backend.kernels().optimizer().gradientNorm(arena, null, none, control, scratch);
    add(
        rounds,
        "Adam 33.5 M",
        28.0 * PARAMETERS,
        "GB/s",
        () -> backend.kernels().optimizer().adam(arena, new AdamState(m, v, null), control));
    add(
        rounds,
        "Adam amsgrad, L1, clipping 33.5 M",
        40.0 * PARAMETERS,
        "GB/s",
        () -> {
          backend.kernels().optimizer().gradientNorm(richArena, null, one, control, scratch);
          backend.kernels().optimizer().adam(richArena, new AdamState(m, v, max), control);
        });
    add(
        rounds,
        "gradient norm 33.5 M",
        4.0 * PARAMETERS,
        "GB/s",
        () -> backend.kernels().optimizer().gradientNorm(arena, null, none, control, scratch));
  }

  private Span rule(double maxNorm) {
    Span rule = bytes(GradientRule.LAYOUT.byteSize());
    HostBuffer.segment(rule).copyFrom(new GradientRule(maxNorm).toTable());
    return rule;
  }

  private OptimizerArena arena(Span parameters, Span gradients, AdamGroup group) {
    long tiles = OptimizerArena.tiles(PARAMETERS);
    Span segments = bytes(SegmentTable.LAYOUT.byteSize());
    Span groups = bytes(AdamGroup.LAYOUT.byteSize());
    new SegmentTable(HostBuffer.segment(segments)).set(0, 0, PARAMETERS, 0, 0, 0, true);
    group.write(HostBuffer.segment(groups), 0);
    Span ticket = new Span(backend.memory().allocate(64), DType.I32, 0, 1);
    return new OptimizerArena(parameters, gradients, null, segments, 1, tiles, groups, ticket);
  }

  private void addLosses(int rounds) {
    LossTerm dice = LossTerm.Overlap.dice(0, 1e-7, false);
    LossTerm jaccard = LossTerm.Overlap.jaccard(0, 1e-7, false);
    LossTerm bce = new LossTerm.Bce(true);
    LossExtent pixels = new LossExtent(8, 1, 1 << 20);
    for (DType target : List.of(DType.F32, DType.U8)) {
      // reads logits and target twice, writes the gradient
      double two = 2 * (4 + target.bytes()) + 4;
      double one = 8 + target.bytes();
      addLoss(rounds, "Dice", binary(target, dice), pixels, two);
      addLoss(rounds, "Jaccard", binary(target, jaccard), pixels, two);
      addLoss(rounds, "BCE", binary(target, bce), pixels, one);
      addLoss(rounds, "Dice + BCE", binary(target, dice, bce), pixels, two);
      addLoss(rounds, "focal, gamma 1.5", binary(target, focal(1.5)), pixels, one);
      addLoss(rounds, "focal, gamma 2", binary(target, focal(2)), pixels, one);
    }
    LossExtent classes = new LossExtent(8, 21, 512 * 512);
    LossTerm crossEntropy = new LossTerm.CrossEntropy(true, 0, List.of());
    addLoss(rounds, "Dice, 21 classes", multiclass(dice), classes, 12 + 2.0 / 21);
    addLoss(rounds, "cross-entropy, 21 classes", multiclass(crossEntropy), classes, 8 + 1.0 / 21);
    addLoss(rounds, "Dice", binary(DType.F32, dice), new LossExtent(1, 1, 10_000), 20);
  }

  private void addCounts(int rounds, DType dtype) {
    Span x = random(PIXELS, 8);
    Span target = Span.of(backend.memory().allocate(dtype.bytes() * PIXELS), dtype, PIXELS);
    backend.kernels().pointwise().fill(target, 1);
    Span counts = Span.of(backend.memory().allocate(4 * 8), DType.I64, 4);
    Span fault = Span.of(backend.memory().allocate(8), DType.I64, 1);
    Span scratch = bytes(backend.kernels().confusion().scratchBytes(PIXELS, PIXELS));
    add(
        rounds,
        "binary counts " + dtype,
        (4.0 + dtype.bytes()) * PIXELS,
        "GB/s",
        () ->
            backend
                .kernels()
                .confusion()
                .count(x, 0.5f, target, null, PIXELS, counts, fault, scratch));
  }

  private static LossTerm focal(double gamma) {
    return new LossTerm.Focal(true, gamma, 1, 1, 0, false, false, List.of());
  }

  private static FusedLossSpec binary(DType target, LossTerm... terms) {
    return FusedLossSpec.binary(
        Arrays.stream(terms).map(term -> new FusedLossSpec.WeightedTerm(term, 1)).toList(),
        FusedLossSpec.TruePositiveForm.MIN,
        null,
        target,
        null);
  }

  /** The hinge of 2 M pixels, whose logits lie so far on their label's side in the mean. */
  private void addLovasz(int rounds, String what, float margin) {
    int n = 1 << 21;
    LovaszPlan plan = backend.kernels().lovasz().prepare(new LovaszLoss().spec(DType.U8));
    var random = new SplittableRandom(n);
    Span x = floats(n);
    Span t = bytes(n);
    for (int i = 0; i < n; i++) {
      int label = random.nextInt(10) < 3 ? 1 : 0;
      HostBuffer.segment(t).set(JAVA_BYTE, i, (byte) label);
      float side = label == 1 ? margin : -margin;
      HostBuffer.segment(x).setAtIndex(JAVA_FLOAT, i, (float) random.nextDouble(-3, 3) + side);
    }
    Span one = floats(1);
    backend.kernels().pointwise().fill(one, 1);
    Span value = floats(1);
    Span gradient = floats(n);
    Span fault = new Span(backend.memory().allocate(64), DType.I64, 0, 1);
    LossExtent extent = new LossExtent(8, 1, n / 8);
    Span scratch = bytes(plan.scratchBytes(extent));
    add(
        rounds,
        "Lovasz hinge 2.1 M forward + backward, " + what,
        9.0 * n,
        "GB/s",
        () -> plan.forwardBackward(x, t, extent, one, value, gradient, fault, scratch));
  }

  private static FusedLossSpec multiclass(LossTerm term) {
    return new FusedLossSpec(
        FusedLossSpec.Layout.LABELS,
        LossInput.LOGITS,
        21,
        false,
        List.of(new FusedLossSpec.WeightedTerm(term, 1)),
        FusedLossSpec.TruePositiveForm.MIN,
        null,
        DType.F32,
        DType.U8,
        null);
  }

  /** Random logits from -3 to 3, a third of the labels positive. */
  private void addLoss(
      int rounds, String name, FusedLossSpec spec, LossExtent extent, double bytes) {
    FusedLossPlan plan = backend.kernels().segmentation().prepare(spec);
    long n = extent.elements();
    Span x = random(n, 5);
    backend.kernels().pointwise().scale(x, 6, x);
    Span minus = floats(n);
    backend.kernels().pointwise().fill(minus, -3);
    backend.kernels().pointwise().binary(BinaryOp.ADD, x, minus, x);
    long targets = spec.targetLength(extent);
    Span t = spec.targetDtype() == DType.U8 ? bytes(targets) : floats(targets);
    MemorySegment labels = HostBuffer.segment(t);
    for (long i = 0; i < targets; i++) {
      long label = spec.classes() == 1 ? ((i * 0x9E3779B97F4A7C15L) >>> 60) / 11 : i / 64 % 21;
      if (t.dtype() == DType.U8) {
        labels.set(JAVA_BYTE, i, (byte) label);
      } else {
        labels.setAtIndex(JAVA_FLOAT, i, (float) label);
      }
    }
    Span one = floats(1);
    backend.kernels().pointwise().fill(one, 1);
    Span value = floats(1);
    Span gradient = floats(n);
    Span fault = new Span(backend.memory().allocate(64), DType.I64, 0, 1);
    Span scratch = bytes(plan.scratchBytes(extent));
    LossOperands operands = new LossOperands(x, t, null, extent);
    add(
        rounds,
        "%s %s %d".formatted(name, t.dtype(), n),
        bytes * n,
        "GB/s",
        () -> plan.forwardBackward(operands, one, value, gradient, null, fault, scratch));
  }

  /** The same on Java arrays. */
  private void addArrays(int rounds) {
    ArrayKernels arrays = new SimdArrayKernels(WorkerPool.shared());
    float[] p = new float[(int) PARAMETERS];
    float[] g = new float[(int) PARAMETERS];
    float[] m = new float[(int) PARAMETERS];
    float[] v = new float[(int) PARAMETERS];
    Arrays.fill(g, 0.5f);
    AdamCoefficients step =
        AdamCoefficients.of(new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 1, 0), 0);
    add(
        rounds,
        "Adam 33.5 M, float[]",
        28.0 * PARAMETERS,
        "GB/s",
        () -> arrays.adam(p, g, m, v, null, step));
    float[] x = new float[(int) PIXELS];
    float[] gradient = new float[(int) PIXELS];
    byte[] labels = new byte[(int) PIXELS];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 97 / 16f - 3;
      labels[i] = (byte) (i % 3 == 0 ? 1 : 0);
    }
    FusedLossSpec spec =
        binary(DType.U8, LossTerm.Overlap.dice(0, 1e-7, false), new LossTerm.Bce(true));
    add(
        rounds,
        "Dice + BCE forward + backward U8, arrays",
        14.0 * PIXELS,
        "GB/s",
        () ->
            arrays.loss(
                spec,
                new LossExtent(1, 1, PIXELS),
                MemorySegment.ofArray(x),
                MemorySegment.ofArray(labels),
                1,
                MemorySegment.ofArray(gradient),
                null));
  }

  private void addMatrix(
      int rounds, String name, boolean transposeA, long m, long n, long k, double traffic) {
    Span a = random(m * k, 6);
    Span b = random(k * n, 7);
    Span out = floats(m * n);
    Span scratch = bytes(backend.kernels().matrix().scratchBytes(m, n, k));
    add(
        rounds,
        name,
        traffic > 0 ? traffic : 2.0 * m * n * k,
        traffic > 0 ? "GB/s" : "GFLOP/s",
        () -> backend.kernels().matrix().multiply(transposeA, false, m, n, k, a, b, out, scratch));
  }

  private Span random(long n, int stream) {
    Span span = floats(n);
    backend.kernels().random().uniform(new PhiloxStream(1, stream, 0, 0), 0, span);
    return span;
  }

  private Span zeros(long n) {
    Span span = floats(n);
    backend.kernels().pointwise().fill(span, 0);
    return span;
  }

  private Span floats(long n) {
    return Span.of(backend.memory().allocate(4 * n), DType.F32, n);
  }

  private Span bytes(long n) {
    return Span.of(backend.memory().allocate(n), DType.U8, n);
  }
}
