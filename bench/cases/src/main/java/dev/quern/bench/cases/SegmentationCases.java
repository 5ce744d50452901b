package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Inputs;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.LossBatch;
import dev.quern.bench.kernels.Sizes;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.loss.SegmentationKernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Fused segmentation losses: value, gradient, confusion counts and the first faulty target. */
final class SegmentationCases {

  private static final WeightedTerm DICE =
      new WeightedTerm(LossTerm.Overlap.dice(0, 1e-7, false), 1);
  private static final WeightedTerm DICE_SMOOTH =
      new WeightedTerm(LossTerm.Overlap.dice(1, 1e-7, false), 0.7);
  private static final WeightedTerm DICE_LOG =
      new WeightedTerm(LossTerm.Overlap.dice(0, 1e-7, true), 1);
  private static final WeightedTerm JACCARD =
      new WeightedTerm(LossTerm.Overlap.jaccard(0, 1e-7, false), 1);
  private static final WeightedTerm FOCAL_TVERSKY =
      new WeightedTerm(LossTerm.Overlap.tversky(0.3, 0.7, 4.0 / 3, 1, 1e-7, false), 1);
  private static final WeightedTerm BCE = new WeightedTerm(new LossTerm.Bce(true), 1);
  private static final WeightedTerm BCE_SUM = new WeightedTerm(new LossTerm.Bce(false), 0.25);

  private SegmentationCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (int n : Sizes.REDUCED) {
      cases.add(typical(n, List.of(DICE, BCE), DType.U8, null, 0.25f));
      cases.add(typical(n, List.of(DICE, BCE), DType.F32, Inputs.IGNORED, null));
    }
    for (TruePositiveForm form : TruePositiveForm.values()) {
      for (List<WeightedTerm> terms :
          List.of(
              List.of(DICE),
              List.of(DICE_SMOOTH),
              List.of(DICE_LOG),
              List.of(JACCARD),
              List.of(FOCAL_TVERSKY),
              List.of(BCE),
              List.of(BCE_SUM),
              List.of(DICE_SMOOTH, BCE_SUM, DICE_LOG))) {
        for (@Nullable Integer ignoreIndex : Arrays.asList(null, Inputs.IGNORED)) {
          for (DType target : List.of(DType.U8, DType.F32)) {
            cases.add(
                forwardBackward(
                    new Operands("soft where F32", 3 * 31 * 33, target)
                        .softTarget(target == DType.F32)
                        .ignored(ignoreIndex == null ? 0 : 0.1),
                    spec(terms, form, ignoreIndex, target, 0.25f)));
          }
        }
      }
    }
    cases.addAll(extremes());
    cases.addAll(LossCases.all());
    for (DType target : List.of(DType.U8, DType.F32)) {
      cases.add(
          forward(
              new Operands("value only", 1009, target).ignored(0.1),
              spec(List.of(DICE, BCE), TruePositiveForm.MIN, Inputs.IGNORED, target, 0.25f)));
      cases.add(
          forward(
              new Operands("value only", 4097, target),
              spec(List.of(DICE_LOG), TruePositiveForm.SQUARED, null, target, null)));
    }
    return cases;
  }

  static List<Benchmark> benchmarks() {
    var benchmarks = new ArrayList<Benchmark>();
    benchmarks.addAll(
        List.of(
            benchmark("dice", 62, List.of(DICE), DType.U8),
            benchmark("jaccard", 62, List.of(JACCARD), DType.U8),
            benchmark("bce", 58, List.of(BCE), DType.U8),
            benchmark("dice+bce", 101, List.of(DICE, BCE), DType.U8),
            benchmark("dice+bce", 101, List.of(DICE, BCE), DType.F32)));
    benchmarks.addAll(LossCases.benchmarks());
    return benchmarks;
  }

  private static Benchmark benchmark(
      String name, double operationsPerElement, List<WeightedTerm> terms, DType target) {
    FusedLossSpec spec = spec(terms, TruePositiveForm.MIN, null, target, null);
    return new Benchmark(
            SegmentationKernels.class,
            name + " " + target.name().toLowerCase(Locale.ROOT),
            operationsPerElement,
            n -> typical(n, terms, target, null, null))
        .unfused(n -> LossBatch.of(spec, new LossExtent(1, 1, n)));
  }

  private static List<KernelCase> extremes() {
    var cases = new ArrayList<KernelCase>();
    List<WeightedTerm> terms = List.of(DICE, BCE);
    for (TruePositiveForm form : TruePositiveForm.values()) {
      for (DType target : List.of(DType.U8, DType.F32)) {
        var plain = spec(terms, form, null, target, 0f);
        var ignoring = spec(terms, form, Inputs.IGNORED, target, 0f);
        var log = spec(List.of(DICE_LOG), form, null, target, 0f);
        cases.add(forwardBackward(new Operands("logits 1e4", 1009, target).scale(1e4), plain));
        cases.add(forwardBackward(new Operands("logits 1e4", 1009, target).scale(1e4), log));
        cases.add(
            forwardBackward(
                new Operands("NaN where ignored", 1009, target).ignored(0.2).nanWhereIgnored(),
                ignoring));
        cases.add(
            forwardBackward(
                new Operands("all ignored", 1009, target).ignored(1).nanWhereIgnored(), ignoring));
        cases.add(forwardBackward(new Operands("empty mask", 1009, target).positive(0), plain));
        cases.add(forwardBackward(new Operands("empty mask", 1009, target).positive(0), log));
        cases.add(forwardBackward(new Operands("full mask", 1009, target).positive(1), plain));
        cases.add(forwardBackward(new Operands("NaN logit", 1009, target).nanAt(1003), plain));
        cases.add(forwardBackward(new Operands("in place", 1009, target).inPlace(), plain));
      }
      cases.add(
          forwardBackward(
              new Operands("faulty labels", 1009, DType.U8).ignored(0.05),
              spec(terms, form, null, DType.U8, 0f)));
    }
    return cases;
  }

  static FusedLossSpec spec(
      List<WeightedTerm> terms,
      TruePositiveForm form,
      @Nullable Integer ignoreIndex,
      DType target,
      @Nullable Float countCut) {
    return FusedLossSpec.binary(terms, form, ignoreIndex, target, countCut);
  }

  private static KernelCase typical(
      int n,
      List<WeightedTerm> terms,
      DType target,
      @Nullable Integer ignoreIndex,
      @Nullable Float countCut) {
    return forwardBackward(
        new Operands("typical", n, target).ignored(ignoreIndex == null ? 0 : 0.1),
        spec(terms, TruePositiveForm.MIN, ignoreIndex, target, countCut));
  }

  /** What the logits and the target of a case look like. */
  private record Operands(
      String what,
      int n,
      DType dtype,
      double scale,
      double positive,
      double ignored,
      boolean soft,
      boolean ignoredNan,
      int nanIndex,
      boolean overwriting) {

    Operands(String what, int n, DType dtype) {
      this(what, n, dtype, 6, 0.3, 0, false, false, -1, false);
    }

    Operands scale(double value) {
      return new Operands(
          what, n, dtype, value, positive, ignored, soft, ignoredNan, nanIndex, overwriting);
    }

    Operands positive(double value) {
      return new Operands(
          what, n, dtype, scale, value, ignored, soft, ignoredNan, nanIndex, overwriting);
    }

    Operands ignored(double value) {
      return new Operands(
          what, n, dtype, scale, positive, value, soft, ignoredNan, nanIndex, overwriting);
    }

    Operands softTarget(boolean value) {
      return new Operands(
          what, n, dtype, scale, positive, ignored, value, ignoredNan, nanIndex, overwriting);
    }

    Operands nanWhereIgnored() {
      return new Operands(
          what, n, dtype, scale, positive, ignored, soft, true, nanIndex, overwriting);
    }

    Operands nanAt(int index) {
      return new Operands(
          what, n, dtype, scale, positive, ignored, soft, ignoredNan, index, overwriting);
    }

    Operands inPlace() {
      return new Operands(
          what, n, dtype, scale, positive, ignored, soft, ignoredNan, nanIndex, true);
    }

    byte[] labels() {
      return Inputs.labels(n, positive, ignored, n + 1L);
    }

    HostArray target() {
      byte[] labels = labels();
      if (dtype == DType.U8) {
        return HostArray.of(labels);
      }
      float[] target = Inputs.floats(labels);
      if (soft) {
        float[] values = Inputs.unit(n, n + 2L);
        for (int i = 0; i < n; i++) {
          target[i] = labels[i] == (byte) Inputs.IGNORED ? Inputs.IGNORED : values[i];
        }
      }
      return HostArray.of(target);
    }

    HostArray logits() {
      float[] logits = Inputs.uniform(n, scale, n);
      byte[] labels = labels();
      for (int i = 0; i < n; i++) {
        if (ignoredNan && labels[i] == (byte) Inputs.IGNORED) {
          logits[i] = i % 3 == 0 ? Float.NEGATIVE_INFINITY : Float.NaN;
        }
      }
      if (nanIndex >= 0) {
        logits[nanIndex] = Float.NaN;
      }
      return HostArray.of(logits);
    }
  }

  private static String describe(Operands operands, FusedLossSpec spec) {
    var text = new StringBuilder().append(operands.n()).append(' ').append(operands.what());
    for (WeightedTerm weighted : spec.terms()) {
      text.append(' ').append(weighted.weight()).append(' ').append(weighted.term());
    }
    return text.append(' ')
        .append(spec.truePositiveForm())
        .append(' ')
        .append(spec.targetDtype())
        .append(spec.ignoreIndex() == null ? "" : " ignore " + spec.ignoreIndex())
        .append(spec.countCut() == null ? "" : " counts")
        .toString();
  }

  private static KernelCase forwardBackward(Operands operands, FusedLossSpec spec) {
    int n = operands.n();
    return new KernelCase(
        SegmentationKernels.class,
        "forward-backward",
        describe(operands, spec),
        DType.F32,
        // both passes, or the only one, read logits and target; the gradient is written once
        (long) n * ((spec.isOnePass() ? 1 : 2) * (4 + operands.dtype().bytes()) + 4),
        bench -> {
          FusedLossPlan plan = bench.backend().kernels().segmentation().prepare(spec);
          HostArray values = operands.logits();
          Span logits =
              operands.overwriting()
                  ? bench.inout("gradient", values, Tolerance.GRADIENT)
                  : bench.input("logits", values);
          Span target = bench.input("target", operands.target());
          Span upstream = bench.input("upstream", HostArray.of(-1.75f));
          Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
          Span gradient =
              operands.overwriting()
                  ? logits
                  : bench.output("gradient", DType.F32, n, Tolerance.GRADIENT);
          @Nullable Span counts = counts(bench, spec);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = bench.scratch(plan.scratchBytes(new LossExtent(1, 1, n)));
          return () ->
              plan.forwardBackward(
                  LossOperands.binary(logits, target),
                  upstream,
                  value,
                  gradient,
                  counts,
                  fault,
                  scratch);
        });
  }

  private static KernelCase forward(Operands operands, FusedLossSpec spec) {
    int n = operands.n();
    return new KernelCase(
        SegmentationKernels.class,
        "forward",
        describe(operands, spec),
        DType.F32,
        (long) n * (4 + operands.dtype().bytes()),
        bench -> {
          FusedLossPlan plan = bench.backend().kernels().segmentation().prepare(spec);
          Span logits = bench.input("logits", operands.logits());
          Span target = bench.input("target", operands.target());
          Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
          @Nullable Span counts = counts(bench, spec);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = bench.scratch(plan.scratchBytes(new LossExtent(1, 1, n)));
          return () ->
              plan.forward(LossOperands.binary(logits, target), value, counts, fault, scratch);
        });
  }

  private static @Nullable Span counts(Workbench bench, FusedLossSpec spec) {
    return spec.countCut() == null
        ? null
        : bench.inout("counts", HostArray.of(1L, 20L, 300L, 4000L), Tolerance.EXACT);
  }
}
