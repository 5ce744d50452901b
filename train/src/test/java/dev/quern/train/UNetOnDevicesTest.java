package dev.quern.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.Backends;
import dev.quern.Engine;
import dev.quern.Tensor;
import dev.quern.loss.BceLoss;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.loss.SegmentationLoss;
import dev.quern.nn.Tape;
import dev.quern.nn.unet.UNet;
import dev.quern.optim.Adam;
import dev.quern.spi.Availability;
import dev.quern.spi.tensor.PhiloxStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A U-Net that is trained on a device has the weights that the CPU gives it. */
class UNetOnDevicesTest {
  private static final int STEPS = 50;
  private static final int IMAGES = 2;
  private static final int SIZE = 64;
  private static final float AGREEMENT = 1e-3f;

  @ParameterizedTest
  @ValueSource(strings = {"opencl", "cuda"})
  void hasTheWeightsOfTheCpu(String backend) {
    assumeTrue(
        Backends.probe().get(backend) instanceof Availability.Available,
        () -> backend + " is not usable here");
    assertArrayEquals(trained("simd"), trained(backend), AGREEMENT);
  }

  /** The weights after the steps, in which the loss has to fall by half. */
  private static float[] trained(String backend) {
    SegmentationLoss loss = new DiceLoss().plus(new BceLoss());
    try (Engine engine = Engine.open(backend);
        UNet network = new UNet(engine, new UNet.Shape(4, 2, 1, 1), 11);
        Adam adam = Adam.builder(network.parameters()).build()) {
      Tensor images = engine.uniform(new PhiloxStream(5, 0, 0, 0), IMAGES, 1, SIZE, SIZE);
      Tensor target = engine.tensor(columns(), IMAGES, 1, SIZE, SIZE);
      images.copyFrom(sum(images.toFloatArray(), columns()));
      float first = 0;
      float last = 0;
      for (int step = 0; step < STEPS; step++) {
        float value =
            engine.scoped(() -> {
              try (Tape tape = new Tape(network.parameters())) {
                Tensor logits = network.forward(images);
                LossResult result = loss.forwardBackward(logits, target);
                tape.backward(logits, result.gradient());
                adam.step();
                return result.value().item();
              }
            });
        first = step == 0 ? value : first;
        last = value;
      }
      assertTrue(last < first / 2, "the loss fell from " + first + " to " + last);
      return network.parameters().parameterArena().toFloatArray();
    }
  }

  /** Stripes of 0 and 1, sixteen pixels wide. */
  private static float[] columns() {
    float[] columns = new float[IMAGES * SIZE * SIZE];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = i / 16 % 2;
    }
    return columns;
  }

  private static float[] sum(float[] a, float[] b) {
    float[] sum = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      sum[i] = a[i] + b[i];
    }
    return sum;
  }
}
