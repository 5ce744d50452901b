package dev.quern.nn.unet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.Shape;
import dev.quern.Tensor;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.nn.Tape;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.spi.tensor.PhiloxStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UNetTest {
  private final Engine engine = Engine.open("reference");

  @AfterEach
  void close() {
    engine.close();
  }

  private Tensor images(long... dims) {
    return engine.uniform(new PhiloxStream(5, 0, 0, 0), dims);
  }

  @Test
  void parametersAreNamedAndCountedAsInPyTorch() {
    try (var unet = new UNet(engine, new UNet.Shape(16, 4, 1, 1), 1)) {
      List<String> names = unet.parameters().names();
      assertEquals("down.0.0.weight", names.getFirst());
      assertEquals(
          List.of("down.0.1.weight", "down.0.1.bias", "down.0.3.weight"), names.subList(1, 4));
      assertEquals("up.0.0.weight", names.get(24));
      assertEquals(List.of("head.weight", "head.bias"), names.subList(42, 44));
      assertTrue(unet.parameters().bufferNames().contains("up.2.4.num_batches_tracked"));
      long count =
          unet.parameters().parameters().stream().mapToLong(p -> p.shape().elements()).sum();
      assertEquals(487_713, count);
      assertEquals(Shape.of(64, 192, 3, 3), unet.parameters().parameter("up.2.0.weight").shape());
    }
  }

  @Test
  void theSameSeedGivesTheSameWeights() {
    try (var first = new UNet(engine, new UNet.Shape(2, 2, 3, 2), 1);
        var second = new UNet(engine, new UNet.Shape(2, 2, 3, 2), 1);
        var other = new UNet(engine, new UNet.Shape(2, 2, 3, 2), 2)) {
      float[] weights = first.parameters().parameterArena().toFloatArray();
      assertArrayEquals(weights, second.parameters().parameterArena().toFloatArray());
      assertFalse(Arrays.equals(weights, other.parameters().parameterArena().toFloatArray()));
    }
  }

  @Test
  void sizesThatDoNotFitAreNamed() {
    try (var unet = new UNet(engine, new UNet.Shape(2, 3, 1, 1), 1)) {
      var e =
          assertThrows(IllegalArgumentException.class, () -> unet.forward(images(1, 1, 16, 18)));
      assertTrue(
          message(e).contains("multiples of 4") && message(e).contains("(1, 1, 16, 18)"),
          e.getMessage());
      e = assertThrows(IllegalArgumentException.class, () -> unet.forward(images(1, 3, 16, 16)));
      assertTrue(
          message(e).contains("(N, 1, H, W)") && message(e).contains("(1, 3, 16, 16)"),
          e.getMessage());
      assertThrows(IllegalArgumentException.class, () -> new UNet.Shape(0, 3, 1, 1));
    }
    assertEquals(2, engine.openTensors().size(), () -> engine.openTensors() + "");
  }

  @Test
  void foldedPredictsTheSame() {
    try (var unet = new UNet(engine, new UNet.Shape(4, 2, 3, 2), 1)) {
      engine.scoped(() -> {
        for (int i = 0; i < 3; i++) {
          unet.forward(images(4, 3, 8, 12));
        }
        Tensor x = images(2, 3, 10, 6);
        float[] expected = unet.predict(x).toFloatArray();
        try (FoldedUNet folded = unet.folded()) {
          assertArrayEquals(expected, folded.predict(x).toFloatArray(), 2e-5f);
        }
        assertEquals(Shape.of(2, 2, 10, 6), unet.predict(x).shape());
      });
    }
  }

  @Test
  void severalThreadsPredictWithOneNetwork() throws Exception {
    try (var unet = new UNet(engine, new UNet.Shape(2, 2, 1, 1), 1);
        FoldedUNet folded = unet.folded();
        var threads = Executors.newFixedThreadPool(4)) {
      float[] image = engine.scoped(() -> images(1, 1, 16, 16).toFloatArray());
      Callable<float[]> prediction =
          () ->
              engine.scoped(
                  () -> folded.predict(engine.tensor(image, 1, 1, 16, 16)).toFloatArray());
      float[] expected = prediction.call();
      for (var result : threads.invokeAll(Collections.nCopies(20, prediction))) {
        assertArrayEquals(expected, result.get());
      }
    }
  }

  @Test
  void aStepLowersTheLossAndLeavesNothingOpen() {
    try (var unet = new UNet(engine, new UNet.Shape(2, 3, 1, 1), 3);
        var adam =
            Adam.builder(unet.parameters()).options(new AdamOptions().withLr(0.01)).build()) {
      int open = engine.openTensors().size();
      var losses = new ArrayList<Float>();
      var dice = new DiceLoss();
      for (int step = 0; step < 5; step++) {
        engine.scoped(() -> {
          Tensor x = images(2, 1, 16, 16);
          Tensor target = x.notEqual(0.5f);
          try (Tape tape = new Tape(unet.parameters())) {
            Tensor logits = unet.forward(x);
            LossResult loss = dice.forwardBackward(logits, target);
            tape.backward(logits, loss.gradient());
            losses.add(loss.value().item());
          }
          adam.step();
        });
      }
      assertTrue(losses.getLast() < losses.getFirst(), losses + "");
      assertEquals(5, unet.parameters().buffer("down.0.1.num_batches_tracked").toLongArray()[0]);
      assertEquals(open, engine.openTensors().size());
    }
  }

  private static String message(Throwable e) {
    return String.valueOf(e.getMessage());
  }
}
