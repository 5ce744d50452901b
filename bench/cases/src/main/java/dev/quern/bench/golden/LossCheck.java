package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import java.util.Optional;

/** The suites {@code dice} and {@code bce}: value and gradient, and the value alone. */
abstract sealed class LossCheck implements GoldenCheck {

  abstract SegmentationLoss loss(GoldenCase golden);

  @Override
  public final Optional<String> check(Engine engine, GoldenCase golden) {
    try (var _ = engine.openScope()) {
      Tensor logits = golden.array("input").upload(engine);
      Tensor target = golden.array("target").uploadTarget(engine);
      SegmentationLoss loss = loss(golden);
      LossResult result = loss.forwardBackward(logits, target);
      double expected = golden.get("loss").doubleValue();
      double[] gradient = golden.array("grad").doubles();
      return Tolerance.LOSS
          .compare("loss", expected, result.value().item())
          .or(() ->
              Tolerance.LOSS.compare(
                  "loss without gradient", expected, loss.forward(logits, target).item()))
          .or(() ->
              Tolerance.GRADIENT.compare(
                  "gradient", gradient, Doubles.of(result.gradient().toFloatArray())));
    }
  }

  /** Binary Dice from logits, as segmentation_models.pytorch. */
  static final class Dice extends LossCheck {
    @Override
    public boolean supports(GoldenCase golden) {
      return golden.param("mode", "").equals("binary") && golden.param("from_logits", true);
    }

    @Override
    SegmentationLoss loss(GoldenCase golden) {
      DiceLoss loss =
          new DiceLoss()
              .smooth(golden.param("smooth", 0.0))
              .eps(golden.param("eps", 1e-7))
              .logLoss(golden.param("log_loss", false));
      return golden.hasParam("ignore_index")
          ? loss.ignoreIndex((int) golden.param("ignore_index", 0.0))
          : loss;
    }
  }

  /** Binary cross-entropy from logits without weights, reduced. */
  static final class Bce extends LossCheck {
    @Override
    public boolean supports(GoldenCase golden) {
      return golden.param("loss", "").equals("bce_with_logits")
          && !golden.param("reduction", "mean").equals("none")
          && !golden.has("weight")
          && !golden.has("pos_weight");
    }

    @Override
    SegmentationLoss loss(GoldenCase golden) {
      BceLoss loss = new BceLoss();
      return golden.param("reduction", "mean").equals("sum") ? loss.sum() : loss;
    }
  }
}
