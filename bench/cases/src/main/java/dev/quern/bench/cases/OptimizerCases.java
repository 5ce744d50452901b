package dev.quern.bench.cases;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
import dev.quern.spi.optim.AdamGroup;
import dev.quern.spi.optim.AdamState;
import dev.quern.spi.optim.GradientRule;
import dev.quern.spi.optim.LossScale;
import dev.quern.spi.optim.OptimizerArena;
import dev.quern.spi.optim.OptimizerFlags;
import dev.quern.spi.optim.OptimizerKernels;
import dev.quern.spi.optim.SgdGroup;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Adam and SGD steps over an arena, alone and behind the reduction that unscales, clips and tests
 * for finiteness.
 */
final class OptimizerCases {

  private static final int EMA = OptimizerFlags.EMA;
  private static final double CLIP = 0.3;
  private static final double EMA_DECAY = 0.9;

  private OptimizerCases() {}

  /** Takes the steps of a case over its arenas, which differ in their gradients only. */
  private interface Stepper {
    void step(OptimizerKernels kernels, OptimizerArena arena, Span control);
  }

  /** An optimizer with its groups, apart from the tensors. */
  private interface Rule {
    String operation();

    double largestLr();

    /** Bytes of memory traffic per active element, apart from the moving average. */
    long bytes();

    MemorySegment groupTable();

    Stepper on(Workbench bench, OptimizerOperands operands);
  }

  private record AdamRule(List<AdamGroup> groups) implements Rule {
    @Override
    public String operation() {
      return "adam";
    }

    @Override
    public double largestLr() {
      return groups.stream().mapToDouble(AdamGroup::lr).max().orElse(0);
    }

    private int flags() {
      return groups.stream().mapToInt(AdamGroup::flags).reduce(0, (a, b) -> a | b);
    }

    @Override
    public long bytes() {
      return (flags() & OptimizerFlags.AMSGRAD) == 0 ? 28 : 36;
    }

    @Override
    public MemorySegment groupTable() {
      MemorySegment table = AdamGroup.table(groups.size());
      for (int g = 0; g < groups.size(); g++) {
        groups.get(g).write(table, g);
      }
      return table;
    }

    @Override
    public Stepper on(Workbench bench, OptimizerOperands operands) {
      boolean amsgrad = (flags() & OptimizerFlags.AMSGRAD) != 0;
      AdamState state =
          new AdamState(
              operands.state(bench, "expAvg", 0.1, 31, Tolerance.MOMENT),
              operands.positiveState(bench, "expAvgSq", Tolerance.MOMENT),
              amsgrad ? operands.positiveState(bench, "maxExpAvgSq", Tolerance.MOMENT) : null);
      return (kernels, arena, control) -> kernels.adam(arena, state, control);
    }
  }

  private record SgdRule(List<SgdGroup> groups) implements Rule {
    @Override
    public String operation() {
      return "sgd";
    }

    @Override
    public double largestLr() {
      return groups.stream().mapToDouble(SgdGroup::lr).max().orElse(0);
    }

    private int flags() {
      return groups.stream().mapToInt(SgdGroup::flags).reduce(0, (a, b) -> a | b);
    }

    @Override
    public long bytes() {
      return (flags() & OptimizerFlags.MOMENTUM) == 0 ? 12 : 20;
    }

    @Override
    public MemorySegment groupTable() {
      MemorySegment table = SgdGroup.table(groups.size());
      for (int g = 0; g < groups.size(); g++) {
        groups.get(g).write(table, g);
      }
      return table;
    }

    @Override
    public Stepper on(Workbench bench, OptimizerOperands operands) {
      boolean momentum = (flags() & OptimizerFlags.MOMENTUM) != 0;
      @Nullable Span buffer =
          momentum ? operands.state(bench, "momentumBuffer", 0.1, 31, Tolerance.MOMENT) : null;
      return (kernels, arena, control) -> kernels.sgd(arena, buffer, control);
    }
  }

  private static AdamGroup adam(
      double lr, double beta1, double beta2, double eps, double weightDecay, int flags) {
    return new AdamGroup(lr, beta1, beta2, eps, weightDecay, 0.01, CLIP, EMA_DECAY, flags);
  }

  private static final AdamGroup PLAIN = adam(1e-3, 0.9, 0.999, 1e-8, 0, 0);

  private static Map<String, AdamGroup> adamVariants() {
    var variants = new LinkedHashMap<String, AdamGroup>();
    variants.put("plain", PLAIN);
    variants.put("L2", adam(1e-2, 0.9, 0.999, 1e-8, 0.1, 0));
    variants.put("decoupled", adam(1e-2, 0.5, 0.9, 1e-3, 0.1, OptimizerFlags.DECOUPLED));
    variants.put("amsgrad", adam(1e-3, 0.9, 0.5, 1e-8, 0.01, OptimizerFlags.AMSGRAD));
    variants.put("maximize", adam(1e-3, 0, 0.999, 1e-8, 0.01, OptimizerFlags.MAXIMIZE));
    variants.put("lr 0", adam(0, 0.9, 0.999, 1e-8, 0, 0));
    variants.put("eps 1e-300", adam(1e-3, 0.9, 0.999, 1e-300, 0, 0));
    variants.put("small decay", adam(1e-4, 0.9, 0.999, 1e-8, 1e-4, OptimizerFlags.DECOUPLED));
    variants.put("clip value", adam(1e-3, 0.9, 0.999, 1e-8, 0, OptimizerFlags.CLIP_VALUE));
    variants.put("L1", adam(1e-2, 0.9, 0.999, 1e-6, 0.1, OptimizerFlags.L1));
    variants.put("proximal L1", adam(1e-2, 0.9, 0.999, 1e-6, 0, OptimizerFlags.PROXIMAL_L1));
    variants.put(
        "amsgrad, L1 and clip value",
        adam(
            1e-3,
            0.9,
            0.999,
            1e-6,
            0.01,
            OptimizerFlags.AMSGRAD | OptimizerFlags.L1 | OptimizerFlags.CLIP_VALUE));
    variants.put(
        "all of it",
        adam(
            1e-3,
            0.9,
            0.999,
            1e-6,
            0.01,
            OptimizerFlags.AMSGRAD
                | OptimizerFlags.MAXIMIZE
                | OptimizerFlags.DECOUPLED
                | OptimizerFlags.CLIP_VALUE
                | OptimizerFlags.PROXIMAL_L1));
    return variants;
  }

  private static SgdGroup sgd(double momentum, double dampening, double weightDecay, int flags) {
    return new SgdGroup(0.05, momentum, dampening, weightDecay, CLIP, EMA_DECAY, flags);
  }

  private static final SgdGroup NO_MOMENTUM = sgd(0, 0, 0, 0);

  private static Map<String, SgdGroup> sgdVariants() {
    var variants = new LinkedHashMap<String, SgdGroup>();
    variants.put("plain", NO_MOMENTUM);
    variants.put("L2", sgd(0, 0, 0.1, 0));
    variants.put("momentum", sgd(0.9, 0, 0.01, OptimizerFlags.MOMENTUM));
    variants.put(
        "dampening", sgd(0.9, 0.5, 0.01, OptimizerFlags.MOMENTUM | OptimizerFlags.MAXIMIZE));
    variants.put("Nesterov", sgd(0.9, 0, 0.01, OptimizerFlags.MOMENTUM | OptimizerFlags.NESTEROV));
    variants.put(
        "Nesterov and clip value",
        sgd(
            0.9,
            0,
            0.01,
            OptimizerFlags.MOMENTUM | OptimizerFlags.NESTEROV | OptimizerFlags.CLIP_VALUE));
    variants.put("clip value", sgd(0, 0, 0.01, OptimizerFlags.CLIP_VALUE));
    variants.put(
        "lr 1e-39", new SgdGroup(1e-39, 0.9, 0, 0, CLIP, EMA_DECAY, OptimizerFlags.MOMENTUM));
    return variants;
  }

  private static AdamRule withEma(AdamRule rule) {
    return new AdamRule(
        rule.groups().stream()
            .map(g -> adam(g.lr(), g.beta1(), g.beta2(), g.eps(), g.weightDecay(), g.flags() | EMA))
            .toList());
  }

  private static SgdRule withEma(SgdRule rule) {
    return new SgdRule(
        rule.groups().stream()
            .map(g -> sgd(g.momentum(), g.dampening(), g.weightDecay(), g.flags() | EMA))
            .toList());
  }

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    AdamRule plain = new AdamRule(List.of(PLAIN));
    for (int n : Sizes.ELEMENTWISE) {
      cases.add(new Steps(n + " elements", plain, OptimizerOperands.single(n), 1).toCase());
    }
    adamVariants().forEach((name, group) -> variants(cases, name, new AdamRule(List.of(group))));
    sgdVariants().forEach((name, group) -> variants(cases, name, new SgdRule(List.of(group))));
    for (int n : Sizes.ELEMENTWISE) {
      SgdRule rule = withEma(new SgdRule(List.copyOf(sgdVariants().values()).subList(4, 5)));
      cases.add(
          new Steps(n + " elements", rule, OptimizerOperands.single(n), 2).withEma().toCase());
    }
    AdamRule adam = new AdamRule(List.copyOf(adamVariants().values()));
    SgdRule sgd = new SgdRule(List.copyOf(sgdVariants().values()));
    OptimizerOperands mixed = OptimizerOperands.mixed(adam.groups().size());
    mixed(cases, adam, withEma(adam), mixed);
    mixed(cases, sgd, withEma(sgd), OptimizerOperands.mixed(sgd.groups().size()));
    AdamRule two = new AdamRule(adam.groups().subList(0, 2));
    cases.add(
        new Steps("many small tensors", two, OptimizerOperands.manySmall(), 3).norm(1).toCase());
    cases.add(
        new Steps("300007 elements", plain, OptimizerOperands.single(300_007), 2).norm(1).toCase());
    return cases;
  }

  private static void variants(List<KernelCase> cases, String name, Rule rule) {
    OptimizerOperands few = OptimizerOperands.single(1009);
    OptimizerOperands many = OptimizerOperands.single(8193);
    cases.add(new Steps("1009 elements " + name, rule, few, 5).toCase());
    cases.add(new Steps("8193 elements " + name, rule, many, 3).norm(2).toCase());
    cases.add(new Steps("8193 elements " + name, rule, many, 3).norm(2).scale(256).toCase());
  }

  private static void mixed(
      List<KernelCase> cases, Rule rule, Rule withEma, OptimizerOperands operands) {
    Steps mixed = new Steps("mixed groups", rule, operands, 3);
    Steps averaged = new Steps("mixed groups", withEma, operands, 3).withEma();
    cases.add(mixed.toCase());
    cases.add(averaged.toCase());
    cases.add(mixed.norm(0.5).toCase());
    cases.add(mixed.fromOutside().toCase());
    cases.add(averaged.norm(0.5).scale(65536).fromOutside().toCase());
    cases.add(mixed.norm(Double.POSITIVE_INFINITY).toCase());
    cases.add(averaged.norm(0.5).scale(65536).toCase());
    cases.add(mixed.norm(1).gradients(1e25).toCase());
    cases.add(mixed.norm(1).gradients(1e-25).toCase());
    // norms that F32 cannot hold, gradients below its normal numbers, factors below them
    cases.add(mixed.norm(1).gradients(3e38).toCase());
    cases.add(mixed.norm(1e39).gradients(3e38).toCase());
    cases.add(mixed.norm(1e-3).scale(0x1p126f).toCase());
    cases.add(mixed.norm(1e-36).scale(0x1p120f).toCase());
    cases.add(averaged.norm(1).scale(65536).moving().toCase());
    cases.add(averaged.norm(1).scale(65536).moving().poisoned(0, Float.NaN).toCase());
    for (float poison : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      cases.add(averaged.norm(1).poisoned(0, poison).toCase());
      cases.add(averaged.norm(1).poisoned(6148, poison).toCase());
    }
  }

  static List<Benchmark> benchmarks() {
    AdamGroup amsgrad = adamVariants().getOrDefault("amsgrad", PLAIN);
    AdamGroup rich = adamVariants().getOrDefault("amsgrad, L1 and clip value", PLAIN);
    SgdGroup nesterov = sgdVariants().getOrDefault("Nesterov", NO_MOMENTUM);
    return List.of(
        benchmark("adam", 14, n -> timed(new AdamRule(List.of(PLAIN)), n).toCase()),
        benchmark("adam amsgrad", 15, n -> timed(new AdamRule(List.of(amsgrad)), n).toCase()),
        benchmark(
            "norm and adam", 16, n -> timed(new AdamRule(List.of(PLAIN)), n).norm(1).toCase()),
        benchmark(
            "norm and adam amsgrad L1 clip value",
            21,
            n -> timed(new AdamRule(List.of(rich)), n).norm(1).toCase()),
        benchmark("sgd Nesterov", 7, n -> timed(new SgdRule(List.of(nesterov)), n).toCase()));
  }

  private static Steps timed(Rule rule, int n) {
    return new Steps(n + " elements", rule, OptimizerOperands.single(n), 1);
  }

  private static Benchmark benchmark(
      String name, double operationsPerElement, IntFunction<KernelCase> at) {
    return new Benchmark(OptimizerKernels.class, name, operationsPerElement, at);
  }

  /**
   * A number of steps.
   *
   * @param what the operands in words
   * @param rule the optimizer
   * @param operands the tensors
   * @param count how many steps
   * @param ema whether an average is kept
   * @param outside whether parameters and gradients lie outside the arena
   * @param maxNorm NaN leaves the reduction before the step away
   * @param lossScale what the gradients are multiplied by, 1 for none
   * @param dynamic whether it moves, up after two steps
   * @param gradients magnitude of the gradients, apart from the loss scale
   * @param poisonedElement of the second step, -1 for none
   * @param poison what it is
   */
  private record Steps(
      String what,
      Rule rule,
      OptimizerOperands operands,
      int count,
      boolean ema,
      boolean outside,
      double maxNorm,
      float lossScale,
      boolean dynamic,
      double gradients,
      int poisonedElement,
      float poison) {

    Steps(String what, Rule rule, OptimizerOperands operands, int count) {
      this(what, rule, operands, count, false, false, Double.NaN, 1, false, 1, -1, 0);
    }

    Steps withEma() {
      return new Steps(
          what, rule, operands, count, true, outside, maxNorm, lossScale, dynamic, gradients, -1,
          0);
    }

    Steps fromOutside() {
      return new Steps(
          what, rule, operands, count, ema, true, maxNorm, lossScale, dynamic, gradients, -1, 0);
    }

    Steps norm(double bound) {
      return new Steps(
          what, rule, operands, count, ema, outside, bound, lossScale, dynamic, gradients, -1, 0);
    }

    Steps scale(float scale) {
      return new Steps(
          what, rule, operands, count, ema, outside, maxNorm, scale, dynamic, gradients, -1, 0);
    }

    Steps moving() {
      return new Steps(
          what, rule, operands, count, ema, outside, maxNorm, lossScale, true, gradients, -1, 0);
    }

    Steps gradients(double magnitude) {
      return new Steps(
          what, rule, operands, count, ema, outside, maxNorm, lossScale, dynamic, magnitude, -1, 0);
    }

    Steps poisoned(int element, float value) {
      return new Steps(
          what, rule, operands, count, ema, outside, maxNorm, lossScale, dynamic, gradients,
          element, value);
    }

    private boolean withNorm() {
      return !Double.isNaN(maxNorm);
    }

    private String name() {
      return what
          + " "
          + count
          + " steps"
          + (ema ? " averaged" : "")
          + (outside ? " outside the arena" : "")
          + (withNorm() ? " max norm " + maxNorm : "")
          + (lossScale == 1 ? "" : " loss scale " + lossScale + (dynamic ? " that moves" : ""))
          + (gradients == 1 ? "" : " gradients " + gradients)
          + (poisonedElement < 0 ? "" : " with " + poison + " at element " + poisonedElement);
    }

    private List<float[]> gradientsOfSteps() {
      var steps = new ArrayList<float[]>();
      for (int step = 0; step < count; step++) {
        steps.add(operands.gradients(gradients * lossScale, 40 + step));
      }
      if (poisonedElement >= 0) {
        operands.poison(steps.get(1), poisonedElement, poison);
      }
      return steps;
    }

    private LossScale lossScale(Workbench bench) {
      return dynamic
          ? new LossScale(
              bench.inout("loss scale", HostArray.of(lossScale), Tolerance.EXACT),
              bench.inout("finite steps", HostArray.zeros(DType.I32, 1), Tolerance.EXACT))
          : new LossScale(bench.input("loss scale", HostArray.of(lossScale)), null);
    }

    private Span gradientRule(Workbench bench) {
      GradientRule gradientRule = new GradientRule(maxNorm, 2, 0.5, 1, 0x1p126, 2);
      return bench.alignedInput(
          "gradient rule", HostArray.of(gradientRule.toTable().toArray(JAVA_BYTE)));
    }

    KernelCase toCase() {
      long bytes =
          (rule.bytes() + (withNorm() ? 4 : 0)) * operands.activeElements()
              + (ema ? 8 : 0) * operands.elements();
      return new KernelCase(
          OptimizerKernels.class,
          (withNorm() ? "norm and " : "") + rule.operation(),
          name(),
          DType.F32,
          count * bytes,
          bench -> {
            OptimizerKernels kernels = bench.backend().kernels().optimizer();
            Tolerance tolerance = Tolerance.parameters(count, rule.largestLr());
            MemorySegment groups = rule.groupTable();
            List<OptimizerArena> arenas =
                outside
                    ? operands.outside(bench, groups, ema, tolerance, gradientsOfSteps())
                    : operands.on(bench, groups, ema, tolerance, gradientsOfSteps());
            Stepper stepper = rule.on(bench, operands);
            @Nullable LossScale scale = lossScale == 1 ? null : lossScale(bench);
            Span gradientRule = gradientRule(bench);
            Span control = OptimizerOperands.control(bench);
            Span scratch = bench.scratch(kernels.scratchBytes(arenas.getFirst()));
            return () -> {
              for (OptimizerArena arena : arenas) {
                if (withNorm()) {
                  kernels.gradientNorm(arena, scale, gradientRule, control, scratch);
                }
                stepper.step(kernels, arena, control);
              }
            };
          });
    }
  }
}
