package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.OverlapLoss;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.TverskyLoss;
import java.util.Optional;

/** The suites of losses: value and gradient, and the value alone. */
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

  /** A binary overlap loss from logits, as segmentation_models.pytorch. */
  abstract static sealed class Overlap<L extends OverlapLoss<L>> extends LossCheck {
    @Override
    public final boolean supports(GoldenCase golden) {
      return golden.param("mode", "").equals("binary") && golden.param("from_logits", true);
    }

    abstract L plain(GoldenCase golden);

    @Override
    final SegmentationLoss loss(GoldenCase golden) {
      L loss =
          plain(golden)
              .smooth(golden.param("smooth", 0.0))
              .eps(golden.param("eps", 1e-7))
              .logLoss(golden.param("log_loss", false));
      return golden.hasParam("ignore_index")
          ? loss.ignoreIndex((int) golden.param("ignore_index", 0.0))
          : loss;
    }
  }

  /** The suite {@code dice}. */
  static final class Dice extends Overlap<DiceLoss> {
    @Override
    DiceLoss plain(GoldenCase golden) {
      return new DiceLoss();
    }
  }

  /** The suite {@code jaccard}. */
  static final class Jaccard extends Overlap<JaccardLoss> {
    @Override
    JaccardLoss plain(GoldenCase golden) {
      return new JaccardLoss();
    }
  }

  /** The suite {@code tversky}. */
  static final class Tversky extends Overlap<TverskyLoss> {
    @Override
    TverskyLoss plain(GoldenCase golden) {
      return new TverskyLoss()
          .alpha(golden.param("alpha", 0.5))
          .beta(golden.param("beta", 0.5))
          .gamma(golden.param("gamma", 1.0));
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
