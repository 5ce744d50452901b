package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.bench.cases.LossSpecs;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.LossBatch;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import java.util.List;
import java.util.Optional;

/**
 * Checks the value and the gradient of fused losses against their definition in double and its
 * finite differences, with an upstream gradient other than 1.
 */
public final class GradientCheck {
  private static final float UPSTREAM = -2.5f;

  private GradientCheck() {}

  public static List<FusedLossSpec> specs() {
    return LossSpecs.all();
  }

  public static String name(FusedLossSpec spec) {
    return LossSpecs.name(spec);
  }

  /** More pixels than a vector or two have lanes, and not a multiple of any. */
  private static LossExtent extent(FusedLossSpec spec) {
    return new LossExtent(2, spec.classes(), spec.layout() == Layout.ELEMENTS ? 37 : 23);
  }

  /** What does not hold for this loss on this backend, or empty. */
  public static Optional<String> check(FusedLossSpec spec, Backend backend) {
    LossExtent extent = extent(spec);
    var batch = new LossBatch(spec, extent, 4, 0.4, 0.15, true, 67);
    int elements = (int) extent.elements();
    double[] x = HostArray.of(batch.logits()).doubles();
    double[] t = HostArray.of(batch.targetValues()).doubles();
    float[] factors = batch.weight();
    double[] w = factors == null ? null : HostArray.of(factors).doubles();
    double[] gradient = LossFormula.gradient(spec, extent, x, t, w);
    for (int i = 0; i < elements; i++) {
      gradient[i] *= UPSTREAM;
    }
    try (var bench = new Workbench(backend, Fill.ONES)) {
      FusedLossPlan plan = backend.kernels().segmentation().prepare(spec);
      LossOperands operands =
          new LossOperands(
              bench.input("logits", HostArray.of(batch.logits())),
              bench.input("target", batch.target()),
              factors == null ? null : bench.input("weight", HostArray.of(factors)),
              extent);
      Span upstream = bench.input("upstream", HostArray.of(UPSTREAM));
      Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
      Span gradientSpan = bench.output("gradient", DType.F32, elements, Tolerance.GRADIENT);
      Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
      plan.forwardBackward(
          operands,
          upstream,
          value,
          gradientSpan,
          null,
          fault,
          bench.scratch(plan.scratchBytes(extent)));
      List<Workbench.Result> results = bench.results();
      return Tolerance.LOSS
          .compare(
              "value",
              new double[] {LossFormula.value(spec, extent, x, t, w)},
              results.get(0).values().doubles())
          .or(() ->
              Tolerance.GRADIENT.compare(
                  "gradient against finite differences",
                  gradient,
                  results.get(1).values().doubles()));
    }
  }
}
