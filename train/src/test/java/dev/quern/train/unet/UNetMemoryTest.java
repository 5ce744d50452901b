package dev.quern.train.unet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.Engine;
import dev.quern.MemoryStatistics;
import dev.quern.Tensor;
import dev.quern.loss.DiceLoss;
import dev.quern.loss.LossResult;
import dev.quern.nn.Tape;
import dev.quern.nn.unet.UNet;
import dev.quern.optim.Adam;
import dev.quern.spi.tensor.PhiloxStream;
import org.junit.jupiter.api.Test;

/** A training step holds what its gradients need, and little else. */
class UNetMemoryTest {

  // powers of two, so that the allocator's size classes waste nothing
  private static final int BATCH = 2;
  private static final int SIDE = 128;
  private static final UNet.Shape SHAPE = new UNet.Shape(8, 3, 1, 1);

  /**
   * For scratch memory of kernels and statistics of channels; less than any plane of the network.
   */
  private static final long SMALL = plane(1, 2) - 1;

  @Test
  void aStepHoldsWhatItsGradientsNeed() {
    try (Engine engine = Engine.open("simd");
        UNet network = new UNet(engine, SHAPE, 1);
        Adam adam = Adam.builder(network.parameters()).build()) {
      step(engine, network, adam);
      step(engine, network, adam);
      MemoryStatistics second = engine.memory();
      for (int i = 0; i < 4; i++) {
        step(engine, network, adam);
        assertEquals(second, engine.memory());
      }
      // between steps live parameters, gradients and Adam's two moments; then, when the last
      // block's gradients are made, what is saved, the gradient of a plane that another was made
      // of, which takes the place of the head's input, and masks, logits and their gradient
      long weights = network.parameters().parameterArena().shape().elements();
      long between = second.live();
      assertTrue(
          between <= 4 * Float.BYTES * weights + SMALL,
          "%d between steps, %d weights".formatted(between, weights));
      long needed = between + saved() + plane(0, 0) + (1 + 2 * Float.BYTES) * pixels(0);
      assertTrue(
          second.peak() >= needed && second.peak() <= needed + SMALL,
          "peak %d, needed %d to %d".formatted(second.peak(), needed, needed + SMALL));
    }
  }

  private static void step(Engine engine, UNet network, Adam adam) {
    engine.scoped(() -> {
      Tensor images = engine.uniform(new PhiloxStream(1, 0, 0, 0), BATCH, 1, SIDE, SIDE);
      Tensor masks = images.notEqual(0.5f);
      try (Tape tape = new Tape(network.parameters())) {
        Tensor logits = network.forward(images);
        LossResult loss = new DiceLoss().forwardBackward(logits, masks);
        tape.backward(logits, loss.gradient());
      }
      adam.step();
    });
  }

  /**
   * Bytes of what gradients read. A convolution's needs its input, a normalization's its input, max
   * pooling's the places of the maxima; concatenation's and upsampling's need nothing. So a block
   * of convolution and normalization saves the planes before either; two blocks on level L, of C_L
   * channels and P_L pixels, save what comes into the first and 3 C_L P_L. Into the first come the
   * images on the highest level, C_(L-1) P_L pooled on others, and (C_L + C_(L+1)) P_L on the way
   * up. The head saves its input, C_0 P_0.
   */
  private static long saved() {
    long bytes = SHAPE.inputChannels() * pixels(0) * Float.BYTES;
    for (int level = 0; level < SHAPE.depth(); level++) {
      bytes += 3 * plane(level, level);
      if (level > 0) {
        bytes += plane(level - 1, level); // pooled
        bytes += plane(level - 1, level); // I32 places of the maxima
      }
    }
    for (int level = 0; level < SHAPE.depth() - 1; level++) {
      bytes += plane(level, level) + plane(level + 1, level); // skip and upsampled
      bytes += 3 * plane(level, level);
    }
    return bytes + plane(0, 0);
  }

  /** Bytes of the channels of one level at the size of another. */
  private static long plane(int channelsOf, int level) {
    return Float.BYTES * ((long) SHAPE.width() << channelsOf) * pixels(level);
  }

  private static long pixels(int level) {
    return (long) BATCH * (SIDE >> level) * (SIDE >> level);
  }
}
