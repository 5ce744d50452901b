package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.LovaszFormula;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.bench.kernels.Workbench.Fill;
import dev.quern.spi.Backend;
import dev.quern.spi.Span;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import dev.quern.spi.loss.LovaszSpec.Classes;
import dev.quern.spi.loss.LovaszSpec.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Checks the value and the gradient of Lovasz losses against their definition in double and its
 * finite differences, with an upstream gradient other than 1.
 */
public final class LovaszGradientCheck {

  private static final int IGNORED = 255;
  private static final float UPSTREAM = -2.5f;

  /** Images of an odd number of pixels; the last class labels none. */
  public static final LossExtent EXTENT = new LossExtent(3, 4, 19);

  private LovaszGradientCheck() {}

  public static List<LovaszSpec> specs() {
    var specs = new ArrayList<LovaszSpec>();
    for (boolean perImage : new boolean[] {false, true}) {
      for (@Nullable Integer ignored : Arrays.asList(null, IGNORED)) {
        specs.add(
            new LovaszSpec(
                Kind.HINGE,
                LossInput.LOGITS,
                perImage,
                Classes.PRESENT,
                List.of(),
                ignored,
                DType.F32,
                DType.U8));
        for (LossInput input : LossInput.values()) {
          for (Classes classes : Classes.values()) {
            List<Integer> listed = classes == Classes.LISTED ? List.of(1, 3) : List.of();
            specs.add(
                new LovaszSpec(
                    Kind.SOFTMAX, input, perImage, classes, listed, ignored, DType.F32, DType.U8));
          }
        }
      }
    }
    return specs;
  }

  /** Logits, or probabilities. */
  public static float[] input(LovaszSpec spec) {
    boolean probabilities = spec.input() == LossInput.PROBABILITIES;
    var random = new SplittableRandom(EXTENT.elements());
    float[] x = new float[Math.toIntExact(EXTENT.elements())];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) (probabilities ? random.nextDouble() : random.nextDouble(-2, 2));
    }
    return x;
  }

  /** Labels, some of them ignored. */
  public static byte[] target(LovaszSpec spec) {
    boolean hinge = spec.kind() == Kind.HINGE;
    var random = new SplittableRandom(EXTENT.elements() + 1);
    byte[] target = new byte[Math.toIntExact(hinge ? EXTENT.elements() : EXTENT.labels())];
    for (int i = 0; i < target.length; i++) {
      target[i] = (byte) random.nextInt(hinge ? 2 : EXTENT.classes() - 1);
      if (spec.ignoreIndex() != null && i % 6 == 1) {
        target[i] = (byte) IGNORED;
      }
    }
    return target;
  }

  /** What does not hold for this loss on this backend, or empty. */
  public static Optional<String> check(LovaszSpec spec, Backend backend) {
    int elements = Math.toIntExact(EXTENT.elements());
    float[] x = input(spec);
    byte[] target = target(spec);
    double[] definition = HostArray.of(x).doubles();
    double[] t = HostArray.of(target).doubles();
    double[] gradient = LovaszFormula.gradient(spec, EXTENT, definition, t);
    for (int i = 0; i < elements; i++) {
      gradient[i] *= UPSTREAM;
    }
    try (var bench = new Workbench(backend, Fill.ONES)) {
      LovaszPlan plan = backend.kernels().lovasz().prepare(spec);
      Span logits = bench.input("logits", HostArray.of(x));
      Span targetSpan = bench.input("target", HostArray.of(target));
      Span upstream = bench.input("upstream", HostArray.of(UPSTREAM));
      Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
      Span gradientSpan = bench.output("gradient", DType.F32, elements, Tolerance.GRADIENT);
      Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
      plan.forwardBackward(
          logits,
          targetSpan,
          EXTENT,
          upstream,
          value,
          gradientSpan,
          fault,
          bench.scratch(plan.scratchBytes(EXTENT)));
      List<Workbench.Result> results = bench.results();
      return Tolerance.LOSS
          .compare(
              "value",
              new double[] {LovaszFormula.value(spec, EXTENT, definition, t)},
              results.get(0).values().doubles())
          .or(() ->
              Tolerance.GRADIENT.compare(
                  "gradient against finite differences",
                  gradient,
                  results.get(1).values().doubles()));
    }
  }
}
