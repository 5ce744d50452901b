package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.bench.kernels.AdamOperands.Group;
import dev.quern.bench.kernels.AdamOperands.Tensor;
import dev.quern.spi.AdamArena;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.OptimizerKernels;
import dev.quern.spi.Span;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/** Adam steps over an arena, alone and behind the reduction that clips and tests for finiteness. */
final class OptimizerCases {

  private static final Group PLAIN = new Group(1e-3, 0.9, 0.999, 1e-8, 0, 0);
  private static final Group L2 = new Group(1e-2, 0.9, 0.999, 1e-8, 0.1, 0);
  private static final Group DECOUPLED =
      new Group(1e-2, 0.5, 0.9, 1e-3, 0.1, AdamArena.FLAG_DECOUPLED);
  private static final Group AMSGRAD =
      new Group(1e-3, 0.9, 0.5, 1e-8, 0.01, AdamArena.FLAG_AMSGRAD);
  private static final Group MAXIMIZE =
      new Group(1e-3, 0, 0.999, 1e-8, 0.01, AdamArena.FLAG_MAXIMIZE);
  private static final Group ALL =
      new Group(
          1e-3,
          0.9,
          0.999,
          1e-6,
          0.01,
          AdamArena.FLAG_AMSGRAD | AdamArena.FLAG_MAXIMIZE | AdamArena.FLAG_DECOUPLED);
  private static final Group STILL = new Group(0, 0.9, 0.999, 1e-8, 0, 0);

  private OptimizerCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    List<Group> variants = List.of(PLAIN, L2, DECOUPLED, AMSGRAD, MAXIMIZE, ALL, STILL);
    for (int n : Sizes.ELEMENTWISE) {
      cases.add(steps(n + " elements", single(PLAIN, n), 1, Double.NaN, 1));
    }
    for (Group group : variants) {
      cases.add(steps("1009 elements " + group, single(group, 1009), 5, Double.NaN, 1));
      cases.add(steps("8193 elements " + group, single(group, 8193), 3, 2, 1));
    }
    var mixed = mixed(variants);
    cases.add(steps("mixed groups", mixed, 5, Double.NaN, 1));
    cases.add(steps("mixed groups clipped", mixed, 5, 0.5, 1));
    cases.add(steps("mixed groups not clipped", mixed, 3, Double.POSITIVE_INFINITY, 1));
    cases.add(steps("mixed groups norm overflows", mixed, 2, 1, 1e25));
    cases.add(steps("mixed groups tiny gradients", mixed, 2, 1, 1e-25));
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      cases.add(poisoned("first element", mixed, 0, poison));
      cases.add(poisoned("last of a tile and a half", mixed, 6148, poison));
    }
    cases.add(steps("many small tensors", manySmall(), 3, 1, 1));
    cases.add(steps("300007 elements", single(PLAIN, 300_007), 2, 1, 1));
    return cases;
  }

  static List<Benchmark> benchmarks() {
    return List.of(
        benchmark("adam", 14, n -> steps(n + " elements", single(PLAIN, n), 1, Double.NaN, 1)),
        benchmark(
            "adam amsgrad", 15, n -> steps(n + " elements", single(AMSGRAD, n), 1, Double.NaN, 1)),
        benchmark("norm and adam", 16, n -> steps(n + " elements", single(PLAIN, n), 1, 1, 1)));
  }

  private static Benchmark benchmark(
      String name, double operationsPerElement, IntFunction<KernelCase> at) {
    return new Benchmark(KernelFamily.OPTIMIZER, name, operationsPerElement, at);
  }

  private static AdamOperands single(Group group, int n) {
    return new AdamOperands(List.of(group), List.of(new Tensor(n, 0, true, 0)));
  }

  private static AdamOperands mixed(List<Group> groups) {
    int[] lengths = {1, 15, 16, 17, 0, 1009, 4095, 4096, 4097, 6149, 31, 8192};
    var tensors = new ArrayList<Tensor>();
    for (int i = 0; i < 3 * lengths.length; i++) {
      tensors.add(
          new Tensor(lengths[i % lengths.length], i % groups.size(), i % 5 != 3, 100L * (i % 4)));
    }
    return new AdamOperands(groups, tensors);
  }

  private static AdamOperands manySmall() {
    var tensors = new ArrayList<Tensor>();
    for (int i = 0; i < 500; i++) {
      tensors.add(new Tensor(1 + i * 7 % 67, i % 2, i % 11 != 0, i % 3));
    }
    return new AdamOperands(List.of(PLAIN, L2), tensors);
  }

  private static KernelCase steps(
      String what, AdamOperands operands, int steps, double maxNorm, double scale) {
    String how =
        (Double.isNaN(maxNorm) ? "" : " max norm " + maxNorm)
            + (scale == 1 ? "" : " gradients " + scale);
    return adam(
        what + " " + steps + " steps" + how,
        operands,
        steps,
        maxNorm,
        () -> {
          var gradients = new ArrayList<float[]>();
          for (int step = 0; step < steps; step++) {
            gradients.add(operands.gradients(scale, 40 + step));
          }
          return gradients;
        });
  }

  private static KernelCase poisoned(
      String where, AdamOperands operands, int element, float value) {
    return adam(
        "mixed groups second of 3 steps has " + value + " at the " + where,
        operands,
        3,
        1,
        () -> {
          float[] bad = operands.gradients(1, 51);
          operands.poison(bad, element, value);
          return List.of(operands.gradients(1, 50), bad, operands.gradients(1, 52));
        });
  }

  /** {@code maxNorm} NaN leaves the reduction before the step away. */
  private static KernelCase adam(
      String name,
      AdamOperands operands,
      int steps,
      double maxNorm,
      Supplier<List<float[]>> gradientsOfSteps) {
    boolean withNorm = !Double.isNaN(maxNorm);
    long bytesOfStep = (operands.amsgrad() ? 36L : 28L) + (withNorm ? 4L : 0L);
    return new KernelCase(
        KernelFamily.OPTIMIZER,
        withNorm ? "norm and adam" : "adam",
        name,
        DType.F32,
        steps * bytesOfStep * operands.activeElements(),
        bench -> {
          OptimizerKernels kernels = bench.backend().optimizer();
          List<AdamArena> arenas = operands.on(bench, gradientsOfSteps.get());
          Span control = AdamOperands.control(bench);
          Span scratch = bench.scratch(kernels.scratchBytes(arenas.getFirst()));
          return () -> {
            for (AdamArena arena : arenas) {
              if (withNorm) {
                kernels.gradientNorm(arena, (float) maxNorm, control, scratch);
              }
              kernels.adam(arena, control);
            }
          };
        });
  }
}
