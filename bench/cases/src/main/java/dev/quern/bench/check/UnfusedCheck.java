package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.DataException;
import dev.quern.Engine;
import dev.quern.FaultWord;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.LossBatch;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.bench.unfused.UnfusedLoss;
import dev.quern.bench.unfused.UnfusedLovasz;
import dev.quern.spi.loss.FusedLossPlan;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossOperands;
import dev.quern.spi.loss.LovaszPlan;
import dev.quern.spi.loss.LovaszSpec;
import java.util.Optional;

/** Checks on one engine that a fused loss agrees with its unfused definition. */
public final class UnfusedCheck {
  private UnfusedCheck() {}

  private static DataException label(long index) {
    return new DataException("The check made a label out of range at element " + index + ".");
  }

  /** What does not agree, or empty. */
  public static Optional<String> check(FusedLossSpec spec, Engine engine) {
    LossExtent extent = new LossExtent(3, spec.classes(), 7 * 29);
    var batch = new LossBatch(spec, extent, 4, 0.4, 0.15, true, 71);
    float[] factors = batch.weight();
    try (var _ = engine.openScope();
        FaultWord fault = engine.openFaultWord(UnfusedCheck::label)) {
      Tensor input = engine.tensor(batch.logits(), extent.elements());
      Tensor target = engine.empty(spec.targetDtype(), Shape.of(spec.targetLength(extent)));
      target.copyFrom(batch.target().segment());
      Tensor weight = factors == null ? null : engine.tensor(factors, extent.elements());
      UnfusedLoss unfused = UnfusedLoss.of(spec, extent, input, target, weight);
      Tensor value = fault.number();
      Tensor gradient = engine.empty(DType.F32, input.shape());
      FusedLossPlan plan = engine.prepare(spec);
      LossOperands operands =
          new LossOperands(
              input.span(), target.span(), weight == null ? null : weight.span(), extent);
      engine.submitWithScratch(
          _ -> plan.scratchBytes(extent),
          (_, scratch) ->
              plan.forwardBackward(
                  operands,
                  engine.one().span(),
                  value.span(),
                  gradient.span(),
                  null,
                  fault.span(),
                  scratch));
      return compare(unfused.value(), unfused.gradient(), value, gradient);
    }
  }

  /** The same for a Lovasz loss. */
  public static Optional<String> check(LovaszSpec spec, Engine engine) {
    LossExtent extent = LovaszGradientCheck.EXTENT;
    try (var _ = engine.openScope();
        FaultWord fault = engine.openFaultWord(UnfusedCheck::label)) {
      Tensor input = engine.tensor(LovaszGradientCheck.input(spec), extent.elements());
      byte[] labels = LovaszGradientCheck.target(spec);
      Tensor target = engine.tensor(labels, labels.length);
      UnfusedLovasz unfused = UnfusedLovasz.of(spec, extent, input, target);
      Tensor value = fault.number();
      Tensor gradient = engine.empty(DType.F32, input.shape());
      LovaszPlan plan = engine.prepare(spec);
      engine.submitWithScratch(
          _ -> plan.scratchBytes(extent),
          (_, scratch) ->
              plan.forwardBackward(
                  input.span(),
                  target.span(),
                  extent,
                  engine.one().span(),
                  value.span(),
                  gradient.span(),
                  fault.span(),
                  scratch));
      return compare(unfused.value(), unfused.gradient(), value, gradient);
    }
  }

  private static Optional<String> compare(
      double expectedValue, Tensor expectedGradient, Tensor value, Tensor gradient) {
    double[] expected = HostArray.of(expectedGradient.toFloatArray()).doubles();
    double[] actual = HostArray.of(gradient.toFloatArray()).doubles();
    return Tolerance.LOSS
        .compare("fused value", expectedValue, value.item())
        .or(() -> Tolerance.GRADIENT.compare("fused gradient", expected, actual));
  }
}
