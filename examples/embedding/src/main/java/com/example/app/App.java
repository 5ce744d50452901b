package com.example.app;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import java.util.Locale;

/**
 * Fits logits to a mask without an engine, and weights to features with one. Prints the losses,
 * which are the same however it is started, and then the device.
 */
public final class App {
  private static final SegmentationLoss LOSS = new DiceLoss().plus(new BceLoss());
  private static final AdamOptions OPTIONS = new AdamOptions().withLr(0.1);

  private App() {}

  /** Starts it. */
  public static void main(String[] arguments) {
    fitLogits();
    try (Engine engine = Engine.open()) {
      fitWeights(engine);
      System.out.println("device " + engine.device().backend());
    }
  }

  private static void fitLogits() {
    float[] logits = {0.5f, -1.2f, 2.0f, -0.3f};
    byte[] mask = {1, 0, 1, 1};
    float[] gradient = new float[4];
    float[] expAvg = new float[4];
    float[] expAvgSq = new float[4];
    for (int step = 0; step <= 100; step++) {
      float value = LOSS.forwardBackward(logits, mask, gradient);
      Adam.step(logits, gradient, expAvg, expAvgSq, step, OPTIONS);
      print("arrays", step, value);
    }
  }

  private static void fitWeights(Engine engine) {
    try (ParameterStore store = ParameterStore.builder(engine).add("w", new float[2], 2, 1).build();
        Adam adam = Adam.builder(store).options(OPTIONS).build()) {
      Tensor features = engine.tensor(new float[] {1, 0, 0, 1, 1, 1, -1, -1}, 4, 2);
      Tensor mask = engine.tensor(new boolean[] {true, false, true, false}, 4, 1);
      for (int step = 0; step <= 100; step++) {
        float value =
            engine.scoped(() -> {
              Tensor logits = features.matmul(store.parameter("w"));
              LossResult result = LOSS.forwardBackward(logits, mask);
              store.gradient("w").copyFrom(features.matmul(result.gradient(), true, false));
              adam.step();
              return result.value().item();
            });
        print("engine", step, value);
      }
    }
  }

  private static void print(String what, int step, float loss) {
    if (step % 50 == 0) {
      System.out.printf(Locale.ROOT, "%s step %3d loss %.4f%n", what, step, loss);
    }
  }
}
