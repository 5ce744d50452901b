package dev.quern.bench.selftest;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.bench.cases.KernelCases;
import dev.quern.bench.cases.LossProduct;
import dev.quern.bench.check.CaseResult;
import dev.quern.bench.check.ContractCheck;
import dev.quern.bench.check.FaultCheck;
import dev.quern.bench.check.GradientCheck;
import dev.quern.bench.check.HalfLossCheck;
import dev.quern.bench.check.LovaszGradientCheck;
import dev.quern.bench.check.MemoryCheck;
import dev.quern.bench.check.Parity;
import dev.quern.bench.check.UnfusedCheck;
import dev.quern.bench.kernels.DrawnLoss;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.spi.Backend;
import dev.quern.spi.KernelFamily;
import dev.quern.spi.Kernels;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.SegmentationKernels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Runs the kernel cases of one family, or the gradient check, on an open backend. */
public final class KernelSuites {

  /** The suite of finite differences. */
  static final String GRADIENT = "gradient";

  /** The suite of every kind of fused loss. */
  static final String LOSSES = "losses";

  /** The suite of unfused definitions. */
  static final String UNFUSED = "unfused";

  private static final Part PART = Part.parse(System.getProperty("quern.selftest.part", "1/1"));

  private final Backend reference;
  private final Backend tested;
  private final @Nullable Digests digests;
  private final Selection selection;

  KernelSuites(Backend reference, Backend tested, @Nullable Digests digests, Selection selection) {
    this.reference = reference;
    this.tested = tested;
    this.digests = digests;
    this.selection = selection;
  }

  /** The name of a family's suite: {@code pointwise} and so on. */
  static String name(Class<? extends KernelFamily> family) {
    return Kernels.name(family);
  }

  /** The names of the suites that are no golden ones, in the order of reports. */
  static List<String> names() {
    var names = new ArrayList<String>();
    Kernels.families().forEach(family -> names.add(name(family)));
    names.addAll(
        List.of(
            LOSSES, GRADIENT, UNFUSED, FaultCheck.SUITE, MemoryCheck.SUITE, ContractCheck.SUITE));
    return names;
  }

  /**
   * {@return what runs every suite that is no golden one, by its name, in the order of reports}
   *
   * @param engine over the tested backend
   * @param losses which of the losses
   */
  Map<String, Supplier<List<CaseResult>>> all(Engine engine, Selection losses) {
    var all = new LinkedHashMap<String, Supplier<List<CaseResult>>>();
    for (Class<? extends KernelFamily> family : Kernels.families()) {
      all.put(name(family), () -> parity(family));
    }
    all.put(LOSSES, () -> losses(losses));
    all.put(GRADIENT, this::gradient);
    all.put(UNFUSED, () -> unfused(engine));
    all.put(FaultCheck.SUITE, () -> FaultCheck.on(engine));
    all.put(MemoryCheck.SUITE, () -> MemoryCheck.on(tested.memory()));
    all.put(ContractCheck.SUITE, () -> ContractCheck.on(tested));
    return all;
  }

  List<CaseResult> parity(Class<? extends KernelFamily> family) {
    var results =
        new ArrayList<>(
            parity(
                name(family), selection.ofFamily(KernelCases.of(family)), _ -> Optional.empty()));
    if (family == SegmentationKernels.class) {
      results.addAll(halfPrecision());
    }
    return results;
  }

  /** The product of fused losses, or a sample of it. */
  List<CaseResult> losses(Selection chosen) {
    List<KernelCase> cases =
        chosen.of(LossProduct.all()).stream().map(DrawnLoss::kernelCase).toList();
    return parity(LOSSES, cases, DrawnLoss::differenceInPlace);
  }

  /** Runs cases whose results must also stand what {@code check} says of them. */
  private List<CaseResult> parity(
      String suite, List<KernelCase> cases, Function<List<Result>, Optional<String>> check) {
    var results = new ArrayList<CaseResult>();
    var parity = new Parity(reference, tested);
    List<KernelCase> small =
        cases.stream()
            .filter(kernelCase -> kernelCase.bytes() / Float.BYTES <= Parity.MAX_ELEMENTS)
            .toList();
    for (KernelCase kernelCase : part(small)) {
      results.add(
          tested.kernels().family(kernelCase.family()).support(kernelCase.dtype()).isYes()
              ? CaseResult.attempt(
                  suite,
                  kernelCase.name(),
                  () -> {
                    Parity.Outcome outcome = parity.check(kernelCase);
                    if (digests != null) {
                      digests.add(suite + " " + kernelCase.name(), outcome.results());
                    }
                    return outcome.failure().or(() -> check.apply(outcome.results()));
                  })
              : CaseResult.skipped(
                  suite,
                  kernelCase.name(),
                  "not supported with " + kernelCase.dtype() + " by this backend"));
    }
    return results;
  }

  private List<CaseResult> halfPrecision() {
    var results = new ArrayList<CaseResult>();
    String suite = name(SegmentationKernels.class);
    for (DType dtype : List.of(DType.F16, DType.BF16)) {
      boolean supported = tested.kernels().segmentation().support(dtype).isYes();
      for (FusedLossSpec spec : selection.of(HalfLossCheck.specs())) {
        String name = dtype + " logits " + GradientCheck.name(spec);
        results.add(
            supported
                ? CaseResult.attempt(suite, name, () -> HalfLossCheck.check(spec, dtype, tested))
                : CaseResult.skipped(
                    suite, name, "not supported with " + dtype + " by this backend"));
      }
    }
    return results;
  }

  List<CaseResult> gradient() {
    var results =
        new ArrayList<>(
            overLosses(GRADIENT, GradientCheck.specs(), spec -> GradientCheck.check(spec, tested)));
    results.addAll(overLovasz(GRADIENT, spec -> LovaszGradientCheck.check(spec, tested)));
    return results;
  }

  List<CaseResult> unfused(Engine engine) {
    var results =
        new ArrayList<>(
            overLosses(UNFUSED, GradientCheck.specs(), spec -> UnfusedCheck.check(spec, engine)));
    results.addAll(overLovasz(UNFUSED, spec -> UnfusedCheck.check(spec, engine)));
    return results;
  }

  private List<CaseResult> overLovasz(String suite, Function<LovaszSpec, Optional<String>> check) {
    var results = new ArrayList<CaseResult>();
    for (LovaszSpec spec : selection.of(LovaszGradientCheck.specs())) {
      String name = spec.toString();
      results.add(
          tested.support(spec).isYes()
              ? CaseResult.attempt(suite, name, () -> check.apply(spec))
              : CaseResult.skipped(
                  suite, name, "not supported with " + spec.logitsDtype() + " by this backend"));
    }
    return results;
  }

  private List<CaseResult> overLosses(
      String suite, List<FusedLossSpec> specs, Function<FusedLossSpec, Optional<String>> check) {
    var results = new ArrayList<CaseResult>();
    for (FusedLossSpec spec : selection.of(specs)) {
      String name = GradientCheck.name(spec);
      results.add(
          tested.support(spec).isYes()
              ? CaseResult.attempt(suite, name, () -> check.apply(spec))
              : CaseResult.skipped(
                  suite, name, "not supported with " + spec.logitsDtype() + " by this backend"));
    }
    return results;
  }

  /**
   * {@return those of a suite's kernel or golden cases that this process is to run: all, or with
   * {@code -Dquern.selftest.part=K/N} each N-th from the K-th on, counted through all suites; for
   * watchers that lose track in a process of many cases}
   */
  static <T> List<T> part(List<T> cases) {
    return PART.of(cases);
  }
}
