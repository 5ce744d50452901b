package dev.quern.bench.golden;

import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.bench.kernels.Tolerance;
import dev.quern.loss.BceLoss;
import dev.quern.loss.CrossEntropyLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.FocalLoss;
import dev.quern.loss.JaccardLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.Mode;
import dev.quern.loss.OverlapLoss;
import dev.quern.loss.Reduction;
import dev.quern.loss.SegmentationLoss;
import dev.quern.loss.SingleLoss;
import dev.quern.loss.TverskyLoss;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import java.util.Locale;
import java.util.Optional;

/**
 * The suites of losses: value and gradient, and the value alone. With reduction none the value is
 * an array and the gradient that of its sum.
 */
abstract sealed class LossCheck implements GoldenCheck {

  abstract SegmentationLoss loss(GoldenCase golden, Engine engine);

  @Override
  public final boolean supports(GoldenCase golden) {
    return true;
  }

  @Override
  public final Optional<String> check(Engine engine, GoldenCase golden) {
    try (var _ = engine.openScope()) {
      Tensor logits = golden.array("input").upload(engine);
      Tensor target = golden.array("target").uploadTarget(engine);
      SegmentationLoss loss = loss(golden, engine);
      LossResult result = loss.forwardBackward(logits, target);
      double[] expected =
          golden.get("loss").isObject()
              ? golden.array("loss").doubles()
              : new double[] {golden.get("loss").doubleValue()};
      double[] gradient = golden.array("grad").doubles();
      return Tolerance.LOSS
          .compare("loss", expected, Doubles.of(result.value().toFloatArray()))
          .or(() ->
              Tolerance.LOSS.compare(
                  "loss without gradient",
                  expected,
                  Doubles.of(loss.forward(logits, target).toFloatArray())))
          .or(() ->
              Tolerance.GRADIENT.compare(
                  "gradient", gradient, Doubles.of(result.gradient().toFloatArray())));
    }
  }

  private static Mode mode(GoldenCase golden) {
    return Mode.valueOf(golden.param("mode", "binary").toUpperCase(Locale.ROOT));
  }

  private static Reduction reduction(GoldenCase golden) {
    return Reduction.valueOf(golden.param("reduction", "mean").toUpperCase(Locale.ROOT));
  }

  private static <L extends SingleLoss<L>> L ignoring(GoldenCase golden, L loss) {
    return golden.hasParam("ignore_index")
        ? loss.ignoreIndex((int) golden.param("ignore_index", 0.0))
        : loss;
  }

  /** The overlap losses of segmentation_models.pytorch. */
  private static <L extends OverlapLoss<L>> L overlap(GoldenCase golden, L plain) {
    L loss =
        plain
            .mode(mode(golden))
            .smooth(golden.param("smooth", 0.0))
            .eps(golden.param("eps", 1e-7))
            .logLoss(golden.param("log_loss", false));
    if (golden.hasParam("classes")) {
      loss = loss.classes(golden.intsParam("classes"));
    }
    if (golden.hasParam("class_weights")) {
      loss = loss.classWeights(golden.doublesParam("class_weights"));
    }
    if (!golden.param("from_logits", true)) {
      loss = loss.fromProbabilities();
    }
    return ignoring(golden, loss);
  }

  /** The suite {@code dice}. */
  static final class Dice extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      return overlap(golden, new DiceLoss());
    }
  }

  /** The suite {@code jaccard}. */
  static final class Jaccard extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      return overlap(golden, new JaccardLoss());
    }
  }

  /** The suite {@code tversky}. */
  static final class Tversky extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      TverskyLoss loss =
          new TverskyLoss()
              .alpha(golden.param("alpha", 0.5))
              .beta(golden.param("beta", 0.5))
              .gamma(golden.param("gamma", 1.0));
      return overlap(golden, loss);
    }
  }

  /** The suite {@code overlap_soft}: soft and saturated targets. */
  static final class OverlapSoft extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      return golden.param("loss", "").equals("dice")
          ? overlap(golden, new DiceLoss())
          : overlap(golden, new JaccardLoss());
    }
  }

  /** The suite {@code bce}. */
  static final class Bce extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      BceLoss loss = new BceLoss().reduction(reduction(golden));
      if (golden.param("loss", "").equals("bce")) {
        loss = loss.fromProbabilities();
      }
      if (golden.hasParam("smooth_factor")) {
        loss = loss.labelSmoothing(golden.param("smooth_factor", 0.0));
      }
      if (golden.has("weight")) {
        loss = loss.weight(golden.array("weight").upload(engine));
      }
      if (golden.has("pos_weight")) {
        loss = loss.mode(Mode.MULTILABEL).positiveWeight(golden.array("pos_weight").doubles());
      }
      return ignoring(golden, loss);
    }
  }

  /** The suite {@code cross_entropy}. */
  static final class CrossEntropy extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      CrossEntropyLoss loss =
          new CrossEntropyLoss()
              .reduction(reduction(golden))
              .labelSmoothing(golden.param("label_smoothing", 0.0));
      if (golden.hasParam("weight")) {
        loss = loss.classWeights(golden.doublesParam("weight"));
      }
      return ignoring(golden, loss);
    }
  }

  /** The suite {@code focal}: segmentation_models.pytorch's and torchvision's. */
  static final class Focal extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      boolean torchvision = golden.param("loss", "").equals("sigmoid_focal_loss");
      FocalLoss loss = torchvision ? FocalLoss.torchvision() : new FocalLoss().mode(mode(golden));
      loss = loss.gamma(golden.param("gamma", 2.0)).reduction(reduction(golden));
      if (golden.hasParam("alpha")) {
        double alpha = golden.param("alpha", 0.25);
        loss = alpha < 0 ? loss.withoutAlpha() : loss.alpha(alpha);
      }
      if (golden.param("normalized", false)) {
        loss = loss.normalized(true);
      }
      if (golden.hasParam("reduced_threshold")) {
        loss = loss.reducedThreshold(golden.param("reduced_threshold", 0.5));
      }
      if (golden.hasParam("class_weights")) {
        loss = loss.classWeights(golden.doublesParam("class_weights"));
      }
      return ignoring(golden, loss);
    }
  }

  /** The suite {@code monai}. */
  static final class Monai extends LossCheck {
    @Override
    SegmentationLoss loss(GoldenCase golden, Engine engine) {
      return switch (golden.param("loss", "")) {
        case "focal" -> focal(golden);
        case "tversky" ->
            overlap(
                golden,
                TverskyLoss.monai()
                    .alpha(golden.param("alpha", 0.5))
                    .beta(golden.param("beta", 0.5)),
                1);
        default ->
            golden.param("jaccard", false)
                ? overlap(golden, JaccardLoss.monai(), 2)
                : overlap(golden, DiceLoss.monai(), 2);
      };
    }

    private static SegmentationLoss focal(GoldenCase golden) {
      FocalLoss loss =
          golden.param("use_softmax", false)
              ? FocalLoss.softmax()
              : new FocalLoss().mode(Mode.MULTILABEL);
      loss = loss.gamma(golden.param("gamma", 2.0));
      return golden.hasParam("alpha") ? loss.alpha(golden.param("alpha", 0.25)) : loss;
    }

    /** MONAI's smooth_nr and smooth_dr are {@code scale} times those of the score. */
    private static <L extends OverlapLoss<L>> L overlap(GoldenCase golden, L plain, double scale) {
      boolean softmax = golden.param("softmax", false);
      boolean sigmoid = golden.param("sigmoid", false);
      L loss =
          plain
              .mode(softmax ? Mode.MULTICLASS : Mode.MULTILABEL)
              .perImage(!golden.param("batch", false))
              .smooth(
                  golden.param("smooth_nr", 1e-5) / scale, golden.param("smooth_dr", 1e-5) / scale);
      if (!softmax && !sigmoid) {
        loss = loss.fromProbabilities();
      }
      if (golden.param("squared_pred", false)) {
        loss = loss.truePositives(TruePositiveForm.SQUARED);
      }
      if (!golden.param("include_background", true)) {
        int[] foreground = new int[(int) golden.array("input").shape()[1] - 1];
        for (int c = 0; c < foreground.length; c++) {
          foreground[c] = c + 1;
        }
        loss = loss.classes(foreground);
      }
      return loss;
    }
  }
}
