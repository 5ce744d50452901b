package dev.quern.simd.loss;

import java.util.Arrays;

/** The steps of a fused loss that are no vector loops. */
final class LossSteps {
  private LossSteps() {}

  static void zeroGradient(LossChunk c) {
    Arrays.fill(c.gradient, 0, c.padded, 0);
  }

  static void storeElementLosses(LossChunk c) {
    LossStaging.storeLosses(c, c.loss);
  }

  static void storeCrossEntropy(LossChunk c) {
    LossStaging.storeLosses(c, c.crossEntropy);
  }

  static void storeSoftmaxFocal(LossChunk c) {
    LossStaging.storeLosses(c, c.softmaxFocal);
  }
}
