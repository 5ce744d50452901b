package dev.quern.bench.cases;

import dev.quern.DType;
import dev.quern.bench.kernels.Benchmark;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.KernelCase;
import dev.quern.bench.kernels.LossBatch;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.kernels.Workbench;
import dev.quern.spi.Span;
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
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Fused losses in every mode: a product of specifications on an odd batch, losses of single
 * elements and pixels, extents by remainder, many classes, extreme inputs and faulty targets.
 */
final class LossCases {
  private LossCases() {}

  static List<KernelCase> all() {
    var cases = new ArrayList<KernelCase>();
    for (FusedLossSpec spec : LossSpecs.all()) {
      cases.add(forwardBackward("product", LossBatch.of(spec, odd(spec)), Input.MODERATE));
      if (spec.hasLosses()) {
        cases.add(losses(LossBatch.of(spec, odd(spec))));
      }
    }
    List<FusedLossSpec> extended = extended();
    for (FusedLossSpec spec : extended) {
      for (long pixels : new long[] {0, 1, 2, 15, 17, 1021, 4097}) {
        LossExtent extent = new LossExtent(pixels == 17 ? 5 : 1, spec.classes(), pixels);
        cases.add(forwardBackward("extent", LossBatch.of(spec, extent), Input.MODERATE));
      }
      cases.add(forwardBackward("long row", LossBatch.of(spec, wide(spec)), Input.MODERATE));
      LossExtent images = new LossExtent(301, spec.classes(), 3);
      cases.add(forwardBackward("many images", LossBatch.of(spec, images), Input.MODERATE));
      LossExtent extent = new LossExtent(2, spec.classes(), 509);
      cases.add(forwardBackward("forward only", LossBatch.of(spec, extent), Input.VALUE_ONLY));
      cases.add(forwardBackward("in place", LossBatch.of(spec, extent), Input.IN_PLACE));
      if (spec.input() == LossInput.LOGITS) {
        LossBatch far = new LossBatch(spec, extent, 1e4, 0.3, 0.1, false, 5);
        cases.add(forwardBackward("logits 1e4", far, Input.MODERATE));
      }
      if (spec.ignoreIndex() != null) {
        LossBatch some = new LossBatch(spec, extent, 6, 0.3, 0.3, false, 6);
        cases.add(forwardBackward("NaN where ignored", some, Input.NAN_WHERE_IGNORED));
        LossBatch none = new LossBatch(spec, extent, 6, 0.3, 1, false, 7);
        cases.add(forwardBackward("all ignored", none, Input.NAN_WHERE_IGNORED));
      }
      if (spec.targetDtype() != DType.F32) {
        cases.add(forwardBackward("faulty labels", LossBatch.of(spec, extent), Input.FAULTY));
      }
      LossBatch empty = new LossBatch(spec, extent, 6, 0, 0, false, 8);
      cases.add(forwardBackward("empty target", empty, Input.MODERATE));
    }
    for (int classes : new int[] {2, 21, 32, 33, 70}) {
      for (FusedLossSpec spec : extended) {
        if (spec.layout() != Layout.ELEMENTS
            && spec.terms().getFirst().term().perClass().isEmpty()) {
          FusedLossSpec many = withClasses(spec, classes);
          LossExtent extent = new LossExtent(2, classes, 67);
          cases.add(forwardBackward("many classes", LossBatch.of(many, extent), Input.MODERATE));
        }
      }
    }
    return cases;
  }

  /** Focal losses of one class, and losses of 16 exclusive classes, of U8 labels. */
  static List<Benchmark> benchmarks() {
    LossTerm dice = LossTerm.Overlap.dice(0, 1e-7, false);
    LossTerm crossEntropy = new LossTerm.CrossEntropy(true, 0, List.of());
    return List.of(
        benchmark("focal gamma 2 u8", 70, Layout.ELEMENTS, 1, focal(2)),
        benchmark("focal gamma 1.5 u8", 70, Layout.ELEMENTS, 1, focal(1.5)),
        benchmark("dice of 16 classes u8", 60, Layout.LABELS, 16, dice),
        benchmark("cross-entropy of 16 classes u8", 60, Layout.LABELS, 16, crossEntropy));
  }

  private static LossTerm focal(double gamma) {
    return new LossTerm.Focal(true, gamma, 1, 1, 0, false, false, List.of());
  }

  /** As many whole images of four as fit into the elements, at least one pixel each. */
  private static Benchmark benchmark(
      String name, double operationsPerElement, Layout layout, int classes, LossTerm term) {
    FusedLossSpec spec =
        new FusedLossSpec(
            layout,
            LossInput.LOGITS,
            classes,
            false,
            List.of(new WeightedTerm(term, 1)),
            TruePositiveForm.MIN,
            null,
            DType.F32,
            DType.U8,
            null);
    IntUnaryOperator pixels = n -> Math.max(1, n / (4 * classes));
    IntFunction<LossBatch> batch =
        n -> LossBatch.of(spec, new LossExtent(4, classes, pixels.applyAsInt(n)));
    return new Benchmark(
        SegmentationKernels.class,
        name,
        n -> 4 * classes * pixels.applyAsInt(n),
        n -> 4 * classes * pixels.applyAsInt(n) * operationsPerElement,
        n -> forwardBackward("typical", batch.apply(n), Input.MODERATE),
        batch);
  }

  /** One sum of terms per layout, input and grouping, with an ignore index where there may be. */
  private static List<FusedLossSpec> extended() {
    var chosen = new ArrayList<FusedLossSpec>();
    for (FusedLossSpec spec : LossSpecs.all()) {
      boolean known =
          chosen.stream()
              .anyMatch(c ->
                  c.layout() == spec.layout()
                      && c.input() == spec.input()
                      && c.classes() == spec.classes()
                      && c.perImage() == spec.perImage());
      boolean rich = spec.terms().size() >= 3;
      boolean ignores = spec.ignoreIndex() != null || spec.layout() == Layout.ONE_HOT;
      if (!known && rich && ignores) {
        chosen.add(spec);
      }
    }
    return chosen;
  }

  private static FusedLossSpec withClasses(FusedLossSpec spec, int classes) {
    return new FusedLossSpec(
        spec.layout(),
        spec.input(),
        classes,
        spec.perImage(),
        spec.terms(),
        spec.truePositiveForm(),
        spec.ignoreIndex(),
        spec.logitsDtype(),
        spec.targetDtype(),
        spec.countCut());
  }

  private static LossExtent odd(FusedLossSpec spec) {
    return new LossExtent(3, spec.classes(), 7 * 29);
  }

  private static LossExtent wide(FusedLossSpec spec) {
    return new LossExtent(1, spec.classes(), 4097 * 3);
  }

  private enum Input {
    MODERATE,
    VALUE_ONLY,
    IN_PLACE,
    NAN_WHERE_IGNORED,
    FAULTY
  }

  private static float[] logits(LossBatch batch, Input input) {
    float[] logits = batch.logits();
    Integer ignoreIndex = batch.spec().ignoreIndex();
    if (input == Input.NAN_WHERE_IGNORED && ignoreIndex != null) {
      float[] target = batch.targetValues();
      int pixels = (int) batch.extent().pixels();
      for (int i = 0; i < logits.length; i++) {
        int pixel = i / pixels / batch.extent().classes() * pixels + i % pixels;
        float t = target[batch.spec().layout() == Layout.LABELS ? pixel : i];
        if (t == ignoreIndex) {
          logits[i] = i % 3 == 0 ? Float.NEGATIVE_INFINITY : Float.NaN;
        }
      }
    }
    return logits;
  }

  private static HostArray target(LossBatch batch, Input input) {
    float[] target = batch.targetValues();
    if (input == Input.FAULTY) {
      for (int i = target.length / 3; i < target.length; i += 101) {
        target[i] = 77;
      }
    }
    return LossBatch.typed(target, batch.spec().targetDtype());
  }

  private static long bytes(LossBatch batch, boolean backward) {
    FusedLossSpec spec = batch.spec();
    long target = spec.targetLength(batch.extent()) * spec.targetDtype().bytes();
    long read = 4 * batch.extent().elements() + target;
    long written = 4 * batch.extent().elements();
    return backward ? (spec.isOnePass() ? 1 : 2) * read + written : read;
  }

  private static KernelCase forwardBackward(String what, LossBatch batch, Input input) {
    FusedLossSpec spec = batch.spec();
    LossExtent extent = batch.extent();
    boolean backward = input != Input.VALUE_ONLY;
    return new KernelCase(
        SegmentationKernels.class,
        backward ? "forward-backward" : "forward",
        name(what, batch),
        DType.F32,
        bytes(batch, backward),
        bench -> {
          FusedLossPlan plan = bench.backend().kernels().segmentation().prepare(spec);
          HostArray values = HostArray.of(logits(batch, input));
          Span logits =
              input == Input.IN_PLACE
                  ? bench.inout("gradient", values, Tolerance.GRADIENT)
                  : bench.input("logits", values);
          LossOperands operands = operands(bench, batch, logits, target(batch, input));
          Span upstream = bench.input("upstream", HostArray.of(-1.75f));
          Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          if (!backward) {
            Span scratch = bench.scratch(plan.scratchBytes(extent));
            return () -> plan.forward(operands, value, null, fault, scratch);
          }
          Span gradient =
              input == Input.IN_PLACE
                  ? logits
                  : bench.output(
                      "gradient", DType.F32, (int) extent.elements(), Tolerance.GRADIENT);
          Span scratch = bench.scratch(plan.scratchBytes(extent));
          return () ->
              plan.forwardBackward(operands, upstream, value, gradient, null, fault, scratch);
        });
  }

  private static KernelCase losses(LossBatch batch) {
    FusedLossSpec spec = batch.spec();
    LossExtent extent = batch.extent();
    long count = spec.layout() == Layout.ELEMENTS ? extent.elements() : extent.labels();
    return new KernelCase(
        SegmentationKernels.class,
        "losses",
        name("of single elements", batch),
        DType.F32,
        bytes(batch, false) + 4 * count,
        bench -> {
          FusedLossPlan plan = bench.backend().kernels().segmentation().prepare(spec);
          Span logits = bench.input("logits", HostArray.of(batch.logits()));
          LossOperands operands = operands(bench, batch, logits, batch.target());
          Span losses = bench.output("losses", DType.F32, (int) count, Tolerance.GRADIENT);
          Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
          Span scratch = bench.scratch(plan.scratchBytes(extent));
          return () -> plan.losses(operands, losses, fault, scratch);
        });
  }

  private static LossOperands operands(
      Workbench bench, LossBatch batch, Span logits, HostArray target) {
    float @Nullable [] weight = batch.weight();
    return new LossOperands(
        logits,
        bench.input("target", target),
        weight == null ? null : bench.input("weight", HostArray.of(weight)),
        batch.extent());
  }

  private static String name(String what, LossBatch batch) {
    LossExtent extent = batch.extent();
    return "%d x %d x %d %s %s"
        .formatted(
            extent.images(), extent.classes(), extent.pixels(), what, LossSpecs.name(batch.spec()));
  }
}
