package dev.quern.bench.kernels;

import dev.quern.DType;
import dev.quern.bench.kernels.Workbench.Result;
import dev.quern.spi.Span;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.loss.SegmentationKernels;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A fused loss and a batch drawn for it: with infinite logits or without, hard or soft targets, a
 * few or all of them ignored, some faulty. What an ignored element's input is changes nothing, so
 * it is NaN or infinite.
 *
 * @param spec the loss
 * @param extent the batch
 * @param seed what it is drawn from
 */
public record DrawnLoss(FusedLossSpec spec, LossExtent extent, long seed) {
  /** The upstream gradient of every case. */
  public static final float UPSTREAM = -1.75f;

  /** {@return logits, or probabilities} */
  public float[] inputs() {
    var random = new Random(seed);
    float[] inputs = new float[(int) extent.elements()];
    boolean infinite = random.nextInt(8) == 0;
    for (int i = 0; i < inputs.length; i++) {
      inputs[i] =
          spec.input() == LossInput.LOGITS
              ? 6 * (2 * random.nextFloat() - 1) * (infinite && i % 5 == 0 ? 2000 : 1)
              : random.nextInt(9) == 0 ? random.nextInt(2) : random.nextFloat();
    }
    if (spec.input() == LossInput.PROBABILITIES && spec.layout() != Layout.ELEMENTS) {
      // as a softmax leaves them, so that logarithms of 0 are as rare as there
      for (int i = 0; i < inputs.length; i++) {
        inputs[i] = 0.001f + 0.998f * inputs[i];
      }
    }
    if (spec.ignoreIndex() != null) {
      spoilIgnored(inputs, targetValues(), spec.ignoreIndex());
    }
    return inputs;
  }

  private void spoilIgnored(float[] inputs, float[] targets, int ignored) {
    int pixels = (int) extent.pixels();
    int classes = spec.layout() == Layout.LABELS ? spec.classes() : 1;
    for (int i = 0; i < targets.length; i++) {
      for (int c = 0; c < classes && targets[i] == ignored; c++) {
        inputs[i / pixels * classes * pixels + c * pixels + i % pixels] =
            i % 3 == 0 ? Float.NaN : Float.POSITIVE_INFINITY;
      }
    }
  }

  private float[] targetValues() {
    var random = new Random(seed + 1);
    boolean soft = spec.targetDtype() == DType.F32 && spec.layout() != Layout.LABELS;
    boolean hard = random.nextBoolean();
    Integer ignored = spec.ignoreIndex();
    boolean faults = !soft && random.nextInt(4) == 0;
    boolean all = random.nextInt(12) == 0;
    int labels = spec.layout() == Layout.LABELS ? spec.classes() : 2;
    float[] values = new float[(int) spec.targetLength(extent)];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          soft && !hard && random.nextInt(6) != 0 ? random.nextFloat() : random.nextInt(labels);
      if (ignored != null && (all || random.nextInt(5) == 0)) {
        values[i] = ignored;
      }
      if (faults && random.nextInt(20) == 0) {
        values[i] = labels + random.nextInt(3);
      }
    }
    return values;
  }

  /** {@return the target in its dtype} */
  public HostArray target() {
    return LossBatch.typed(targetValues(), spec.targetDtype());
  }

  /** {@return factors of the elements' cross-entropy, some of them 0; null if it has none} */
  public float @Nullable [] weight() {
    LossTerm.Bce bce = spec.find(LossTerm.Bce.class);
    if (bce == null || !bce.weighted()) {
      return null;
    }
    var random = new Random(seed + 2);
    float[] weight = new float[(int) extent.elements()];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = random.nextInt(5) == 0 ? 0 : 3 * random.nextFloat();
    }
    return weight;
  }

  /** {@return a unique name} */
  public String name() {
    return "%d x %d x %d drawn from %d: %s"
        .formatted(extent.images(), extent.classes(), extent.pixels(), seed, spec);
  }

  /**
   * {@return the case that computes the value alone; value and gradient, in place too; and where
   * there are such, the losses without reduction}
   */
  public KernelCase kernelCase() {
    long targetBytes = spec.targetLength(extent) * spec.targetDtype().bytes();
    return new KernelCase(
        SegmentationKernels.class,
        "losses",
        name(),
        DType.F32,
        3 * (8 * extent.elements() + targetBytes),
        this::place);
  }

  /**
   * {@return what is wrong if the gradient in place has other bits than the one beside the inputs}
   *
   * @param results of a case
   */
  public static Optional<String> differenceInPlace(List<Result> results) {
    return values("gradient", results).sameBits(values("gradient in place", results))
        ? Optional.empty()
        : Optional.of("the gradient in place has other bits");
  }

  private static HostArray values(String name, List<Result> results) {
    return results.stream().filter(r -> r.name().equals(name)).findFirst().orElseThrow().values();
  }

  private Runnable place(Workbench bench) {
    FusedLossPlan plan = bench.backend().kernels().segmentation().prepare(spec);
    HostArray values = HostArray.of(inputs());
    float @Nullable [] weights = weight();
    Span target = bench.input("target", target());
    Span weight = weights == null ? null : bench.input("weight", HostArray.of(weights));
    Span input = bench.input("inputs", values);
    Span upstream = bench.input("upstream", HostArray.of(UPSTREAM));
    Span forward = bench.output("value alone", DType.F32, 1, Tolerance.LOSS);
    Span value = bench.output("value", DType.F32, 1, Tolerance.LOSS);
    Span again = bench.output("value in place", DType.F32, 1, Tolerance.LOSS);
    int elements = (int) extent.elements();
    Span gradient = bench.output("gradient", DType.F32, elements, Tolerance.GRADIENT);
    Span inPlace = bench.inout("gradient in place", values, Tolerance.GRADIENT);
    Span counts =
        spec.countCut() == null
            ? null
            : bench.inout("counts", HostArray.of(1L, 20L, 300L, 4000L), Tolerance.EXACT);
    Span fault = bench.inout("fault", HostArray.of(Long.MAX_VALUE), Tolerance.EXACT);
    long count = spec.layout() == Layout.ELEMENTS ? extent.elements() : extent.labels();
    Span losses =
        spec.hasLosses()
            ? bench.output("losses", DType.F32, (int) count, Tolerance.GRADIENT)
            : null;
    Span scratch = bench.scratch(plan.scratchBytes(extent));
    LossOperands operands = new LossOperands(input, target, weight, extent);
    LossOperands overwritten = new LossOperands(inPlace, target, weight, extent);
    return () -> {
      plan.forward(operands, forward, counts, fault, scratch);
      plan.forwardBackward(operands, upstream, value, gradient, counts, fault, scratch);
      plan.forwardBackward(overwritten, upstream, again, inPlace, counts, fault, scratch);
      if (losses != null) {
        plan.losses(operands, losses, fault, scratch);
      }
    };
  }
}
