package dev.quern.bench;

import dev.quern.DType;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.spi.Backend;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.FusedLossSpec.Mode;
import dev.quern.spi.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.FusedLossSpec.WeightedTerm;
import dev.quern.spi.LossTerm;
import dev.quern.spi.Span;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Checks the value and the gradient of fused losses against their definition in double and its
 * finite differences, with an upstream gradient other than 1.
 */
final class GradientCheck {

  private static final int IGNORED = 255;
  private static final float UPSTREAM = -2.5f;

  /** More pixels than a vector or two have lanes, and not a multiple of any. */
  private static final int PIXELS = 67;

  private static final List<List<WeightedTerm>> TERMS =
      List.of(
          List.of(dice(0, false, 1)),
          List.of(dice(1, false, 1)),
          List.of(dice(0, true, 1)),
          List.of(new WeightedTerm(LossTerm.Overlap.jaccard(0, 1e-7, false), 1)),
          List.of(new WeightedTerm(LossTerm.Overlap.jaccard(1, 1e-7, true), 0.5)),
          List.of(tversky(0.3, 0.7, 4.0 / 3, false)),
          List.of(tversky(0.8, 0, 0.5, true), bce(true, 1)),
          List.of(bce(true, 1)),
          List.of(bce(false, 1)),
          List.of(dice(0, false, 0.5), bce(true, 2)),
          List.of(dice(1, false, 0.5), bce(false, 0.1), dice(0, true, 2)));

  private GradientCheck() {}

  private static WeightedTerm dice(double smooth, boolean log, double weight) {
    return new WeightedTerm(LossTerm.Overlap.dice(smooth, 1e-7, log), weight);
  }

  private static WeightedTerm tversky(double alpha, double beta, double gamma, boolean log) {
    return new WeightedTerm(new LossTerm.Overlap(alpha, beta, gamma, 0.3, 1e-7, log), 1);
  }

  private static WeightedTerm bce(boolean mean, double weight) {
    return new WeightedTerm(new LossTerm.Bce(mean), weight);
  }

  static List<FusedLossSpec> specs() {
    var specs = new ArrayList<FusedLossSpec>();
    for (TruePositiveForm form : TruePositiveForm.values()) {
      for (List<WeightedTerm> terms : TERMS) {
        for (@Nullable Integer ignoreIndex : Arrays.asList(null, IGNORED)) {
          for (DType target : List.of(DType.U8, DType.F32)) {
            specs.add(
                new FusedLossSpec(Mode.BINARY, terms, form, ignoreIndex, DType.F32, target, null));
          }
        }
      }
    }
    return specs;
  }

  static String name(FusedLossSpec spec) {
    return spec.terms()
        + " "
        + spec.truePositiveForm()
        + " "
        + spec.targetDtype()
        + (spec.ignoreIndex() == null ? "" : " ignore " + spec.ignoreIndex());
  }

  /** What does not hold for this loss on this backend, or empty. */
  static Optional<String> check(FusedLossSpec spec, Backend backend) {
    var random = new SplittableRandom(PIXELS);
    float[] logits = new float[PIXELS];
    float[] target = new float[PIXELS];
    byte[] labels = new byte[PIXELS];
    for (int i = 0; i < PIXELS; i++) {
      logits[i] = (float) random.nextDouble(-4, 4);
      labels[i] = (byte) random.nextInt(2);
      target[i] = spec.targetDtype() == DType.U8 ? labels[i] : (float) random.nextDouble();
      if (spec.ignoreIndex() != null && i % 6 == 1) {
        labels[i] = (byte) IGNORED;
        target[i] = IGNORED;
      }
    }
    double[] x = HostArray.of(logits).doubles();
    double[] t = HostArray.of(target).doubles();
    double[] gradient = LossFormula.gradient(spec, x, t);
    for (int i = 0; i < PIXELS; i++) {
      gradient[i] *= UPSTREAM;
    }
    try (var bench = new Workbench(backend, Fill.ONES)) {
      FusedLossPlan plan = backend.segmentation().prepare(spec);
      HostArray targets =
          spec.targetDtype() == DType.U8 ? HostArray.of(labels) : HostArray.of(target);
      Span logitsSpan = bench.input("logits", HostArray.of(logits));
      Span targetSpan = bench.input("target", targets);
      Span upstream = bench.input("upstream", HostArray.of(UPSTREAM));
      Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
      Span gradientSpan = bench.output("gradient", DType.F32, PIXELS, Tolerance.GRADIENT);
      Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
      plan.forwardBackward(
          logitsSpan,
          targetSpan,
          upstream,
          value,
          gradientSpan,
          null,
          fault,
          bench.scratch(plan.scratchBytes(PIXELS)));
      List<Workbench.Result> results = bench.results();
      return Tolerance.LOSS
          .compare(
              "value",
              new double[] {LossFormula.value(spec, x, t)},
              results.get(0).values().doubles())
          .or(() ->
              Tolerance.GRADIENT.compare(
                  "gradient against finite differences",
                  gradient,
                  results.get(1).values().doubles()));
    }
  }
}
