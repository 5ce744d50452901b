package dev.quern.simd;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.quern.DType;
import dev.quern.loss.LovaszLoss;
import dev.quern.spi.AdamCoefficients;
import dev.quern.spi.AdamGroup;
import dev.quern.spi.AdamState;
import dev.quern.spi.ArrayKernels;
import dev.quern.spi.Backend;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.HostBuffer;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossOperands;
import dev.quern.spi.LossTerm;
import dev.quern.spi.LovaszPlan;
import dev.quern.spi.OptimizerArena;
import dev.quern.spi.OptimizerFlags;
import dev.quern.spi.PhiloxStream;
import dev.quern.spi.SegmentTable;
import dev.quern.spi.Span;
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
    addLoss(rounds, DType.F32);
    addLoss(rounds, DType.U8);
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
    Span scratch = bytes(backend.reduction().scratchBytes(PARAMETERS));
    Span out = floats(1);
    add(rounds, "sum", 4.0 * PARAMETERS, "GB/s", () -> backend.reduction().sum(x, out, scratch));
    Span drawn = floats(PIXELS);
    PhiloxStream stream = new PhiloxStream(1, 0, 0, 0);
    add(rounds, "uniform", 4.0 * PIXELS, "GB/s", () -> backend.random().uniform(stream, 0, drawn));

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
    add(rounds, "copy 33.5 M", 8.0 * PARAMETERS, "GB/s", () -> backend.pointwise().copy(from, to));
  }

  private void addAdam(int rounds) {
    Span p = random(PARAMETERS, 3);
    Span g = random(PARAMETERS, 4);
    Span m = zeros(PARAMETERS);
    Span v = zeros(PARAMETERS);
    Span max = zeros(PARAMETERS);
    Span control = zeros(4);
    AdamGroup plain = new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 1, 0);
    int flags = OptimizerFlags.AMSGRAD | OptimizerFlags.L1 | OptimizerFlags.CLIP_VALUE;
    AdamGroup rich = new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 1e-4, 0.5, 1, flags);
    OptimizerArena arena = arena(p, g, plain);
    OptimizerArena richArena = arena(p, g, rich);
    Span scratch = bytes(backend.optimizer().scratchBytes(arena));
    float none = Float.POSITIVE_INFINITY;
    backend.optimizer().gradientNorm(arena, null, none, control, scratch);
    add(
        rounds,
        "Adam 33.5 M",
        28.0 * PARAMETERS,
        "GB/s",
        () -> backend.optimizer().adam(arena, new AdamState(m, v, null), control));
    add(
        rounds,
        "Adam amsgrad, L1, clipping 33.5 M",
        40.0 * PARAMETERS,
        "GB/s",
        () -> {
          backend.optimizer().gradientNorm(richArena, null, 1, control, scratch);
          backend.optimizer().adam(richArena, new AdamState(m, v, max), control);
        });
    add(
        rounds,
        "gradient norm 33.5 M",
        4.0 * PARAMETERS,
        "GB/s",
        () -> backend.optimizer().gradientNorm(arena, null, none, control, scratch));
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

  private void addLoss(int rounds, DType target) {
    FusedLossPlan plan = backend.segmentation().prepare(spec(target));
    Span x = random(PIXELS, 5);
    backend.pointwise().scale(x, 6, x);
    Span t = zeros(PIXELS);
    if (target == DType.U8) {
      t = bytes(PIXELS);
      backend.pointwise().fill(t, 1);
    }
    Span targets = t;
    Span one = floats(1);
    backend.pointwise().fill(one, 1);
    Span value = floats(1);
    Span gradient = floats(PIXELS);
    Span fault = new Span(backend.memory().allocate(64), DType.I64, 0, 1);
    Span scratch = bytes(plan.scratchBytes(new LossExtent(1, 1, PIXELS)));
    int size = target.bytes();
    add(
        rounds,
        "Dice + BCE forward " + target,
        (4.0 + size) * PIXELS,
        "GB/s",
        () -> plan.forward(LossOperands.binary(x, targets), value, null, fault, scratch));
    add(
        rounds,
        "Dice + BCE forward + backward " + target,
        (12.0 + 2 * size) * PIXELS,
        "GB/s",
        () ->
            plan.forwardBackward(
                LossOperands.binary(x, targets), one, value, gradient, null, fault, scratch));
  }

  private void addCounts(int rounds, DType dtype) {
    Span x = random(PIXELS, 8);
    Span target = Span.of(backend.memory().allocate(dtype.bytes() * PIXELS), dtype, PIXELS);
    backend.pointwise().fill(target, 1);
    Span counts = Span.of(backend.memory().allocate(4 * 8), DType.I64, 4);
    Span fault = Span.of(backend.memory().allocate(8), DType.I64, 1);
    Span scratch = bytes(backend.confusion().scratchBytes(PIXELS, PIXELS));
    add(
        rounds,
        "binary counts " + dtype,
        (4.0 + dtype.bytes()) * PIXELS,
        "GB/s",
        () -> backend.confusion().count(x, 0.5f, target, null, PIXELS, counts, fault, scratch));
  }

  private static FusedLossSpec spec(DType target) {
    return FusedLossSpec.binary(
        List.of(
            new FusedLossSpec.WeightedTerm(LossTerm.Overlap.dice(0, 1e-7, false), 1),
            new FusedLossSpec.WeightedTerm(new LossTerm.Bce(true), 1)),
        FusedLossSpec.TruePositiveForm.MIN,
        null,
        target,
        null);
  }

  /** The hinge of 2 M pixels, whose logits lie so far on their label's side in the mean. */
  private void addLovasz(int rounds, String what, float margin) {
    int n = 1 << 21;
    LovaszPlan plan = backend.lovasz().prepare(new LovaszLoss().spec(DType.U8));
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
    backend.pointwise().fill(one, 1);
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

  /** The same on Java arrays. */
  private void addArrays(int rounds) {
    ArrayKernels arrays = new SimdArrayKernels(WorkerPool.shared());
    float[] p = new float[(int) PARAMETERS];
    float[] g = new float[(int) PARAMETERS];
    float[] m = new float[(int) PARAMETERS];
    float[] v = new float[(int) PARAMETERS];
    Arrays.fill(g, 0.5f);
    AdamCoefficients step =
        AdamCoefficients.of(new AdamGroup(1e-3, 0.9, 0.999, 1e-8, 0, 0, 1, 1, 0), 0, 1);
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
    FusedLossSpec spec = spec(DType.U8);
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
    Span scratch = bytes(backend.matrix().scratchBytes(m, n, k));
    add(
        rounds,
        name,
        traffic > 0 ? traffic : 2.0 * m * n * k,
        traffic > 0 ? "GB/s" : "GFLOP/s",
        () -> backend.matrix().multiply(transposeA, false, m, n, k, a, b, out, scratch));
  }

  private Span random(long n, int stream) {
    Span span = floats(n);
    backend.random().uniform(new PhiloxStream(1, stream, 0, 0), 0, span);
    return span;
  }

  private Span zeros(long n) {
    Span span = floats(n);
    backend.pointwise().fill(span, 0);
    return span;
  }

  private Span floats(long n) {
    return Span.of(backend.memory().allocate(4 * n), DType.F32, n);
  }

  private Span bytes(long n) {
    return Span.of(backend.memory().allocate(n), DType.U8, n);
  }
}
