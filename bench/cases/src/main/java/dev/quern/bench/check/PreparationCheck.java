package dev.quern.bench.check;

import dev.quern.DType;
import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.spi.Spec;
import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.FusedLossSpec.TruePositiveForm;
import dev.quern.spi.loss.FusedLossSpec.WeightedTerm;
import dev.quern.spi.loss.LossInput;
import dev.quern.spi.loss.LossTerm;
import dev.quern.spi.loss.LovaszSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Checks that what one thread prepares disturbs no result of another, which computes meanwhile. */
public final class PreparationCheck {
  private static final int PIXELS = 5000;

  private PreparationCheck() {}

  /**
   * {@return what does not hold; empty if everything does}
   *
   * @param fresh an engine of which no loss was prepared yet
   */
  public static Optional<String> besideCalls(Engine fresh) {
    try (var _ = fresh.openScope()) {
      float[] x = new float[PIXELS];
      float[] t = new float[PIXELS];
      for (int i = 0; i < PIXELS; i++) {
        x[i] = (float) Math.sin(i);
        t[i] = i % 3 == 0 ? 1 : 0;
      }
      Tensor logits = fresh.tensor(x, 1, PIXELS);
      Tensor target = fresh.tensor(t, 1, PIXELS);
      CompletableFuture<Void> preparing = CompletableFuture.runAsync(() -> prepare(fresh));
      SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
      float[] expected = gradient(fresh, loss, logits, target);
      do {
        if (!Arrays.equals(expected, gradient(fresh, loss, logits, target))) {
          return Optional.of("a gradient changed while another loss was prepared");
        }
        float sum = target.add(target).sum().item();
        if (sum != 2 * ((PIXELS + 2) / 3)) {
          return Optional.of("a sum was " + sum + " while a loss was prepared");
        }
      } while (!preparing.isDone());
      preparing.join();
      return Optional.empty();
    }
  }

  private static float[] gradient(
      Engine engine, SegmentationLoss loss, Tensor logits, Tensor target) {
    try (var _ = engine.openScope()) {
      LossResult result = loss.forwardBackward(logits, target);
      return result.gradient().toFloatArray();
    }
  }

  private static void prepare(Engine engine) {
    var specs = new ArrayList<Spec<?>>();
    for (LovaszSpec.Kind kind : LovaszSpec.Kind.values()) {
      specs.add(
          new LovaszSpec(
              kind,
              LossInput.LOGITS,
              false,
              LovaszSpec.Classes.PRESENT,
              List.of(),
              null,
              DType.F32,
              DType.U8));
    }
    for (Layout layout : Layout.values()) {
      for (TruePositiveForm form : TruePositiveForm.values()) {
        specs.add(
            new FusedLossSpec(
                layout,
                LossInput.LOGITS,
                3,
                true,
                List.of(new WeightedTerm(LossTerm.Overlap.dice(1, 1e-7, false), 1)),
                form,
                null,
                DType.F32,
                layout == Layout.LABELS ? DType.I64 : DType.F32,
                null));
      }
    }
    specs.forEach(engine::prepare);
  }
}
