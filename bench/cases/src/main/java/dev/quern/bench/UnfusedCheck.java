package dev.quern.bench;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.bench.kernels.HostArray;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.spi.FusedLossPlan;
import dev.quern.spi.FusedLossSpec;
import dev.quern.spi.LossExtent;
import dev.quern.spi.LossOperands;
import java.util.Optional;
import java.util.SplittableRandom;

/** Checks on one engine that a fused loss agrees with its unfused definition. */
final class UnfusedCheck {

  private static final int IGNORED = 255;

  /** Images of odd size. */
  private static final Shape SHAPE = Shape.of(2, 1, 37, 41);

  private UnfusedCheck() {}

  /** What does not agree, or empty. */
  static Optional<String> check(FusedLossSpec spec, Engine engine) {
    int pixels = Math.toIntExact(SHAPE.elements());
    var random = new SplittableRandom(pixels);
    float[] logits = new float[pixels];
    float[] soft = new float[pixels];
    byte[] labels = new byte[pixels];
    for (int i = 0; i < pixels; i++) {
      boolean ignored = spec.ignoreIndex() != null && i % 5 == 2;
      logits[i] = (float) random.nextDouble(-5, 5);
      labels[i] = (byte) (ignored ? IGNORED : random.nextInt(2));
      soft[i] = ignored ? IGNORED : (float) random.nextDouble();
    }
    try (var _ = engine.openScope()) {
      Tensor x = engine.tensor(logits, pixels);
      Tensor target =
          spec.targetDtype() == DType.U8
              ? engine.tensor(labels, pixels)
              : engine.tensor(soft, pixels);
      UnfusedLoss unfused = UnfusedLoss.of(spec, x, target);
      Tensor value = engine.empty(DType.F32, Shape.of(1));
      Tensor gradient = engine.empty(DType.F32, x.shape());
      FusedLossPlan plan = engine.prepare(spec);
      engine.submitWithScratch(
          _ -> plan.scratchBytes(new LossExtent(1, 1, pixels)),
          (_, scratch) ->
              plan.forwardBackward(
                  LossOperands.binary(x.span(), target.span()),
                  engine.one().span(),
                  value.span(),
                  gradient.span(),
                  null,
                  engine.faultWord().span(),
                  scratch));
      double[] expected = HostArray.of(unfused.gradient().toFloatArray()).doubles();
      double[] actual = HostArray.of(gradient.toFloatArray()).doubles();
      return Tolerance.LOSS
          .compare("fused value", unfused.value(), value.item())
          .or(() -> Tolerance.GRADIENT.compare("fused gradient", expected, actual));
    }
  }
}
