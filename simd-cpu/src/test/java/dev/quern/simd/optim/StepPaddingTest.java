package dev.quern.simd.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.Engine;
import dev.quern.ParameterStore;
import dev.quern.Tensor;
import dev.quern.optim.Adam;
import dev.quern.optim.AdamOptions;
import dev.quern.optim.ParameterPenalty;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StepPaddingTest {

  /** Penalties read whole arenas; without eps a gradient of 0 divides 0 by 0. */
  @ParameterizedTest
  @ValueSource(doubles = {0, 1e-8})
  void paddingBetweenTensorsStaysZero(double eps) {
    try (Engine engine = Engine.open("simd")) {
      ParameterStore.Builder builder = ParameterStore.builder(engine);
      int[] lengths = {3, 5, 17, 1, 4099, 2};
      for (int n : lengths) {
        builder.add("p" + n, new float[n], n);
      }
      AdamOptions options = new AdamOptions().withLr(0.5).withEps(eps);
      try (ParameterStore store = builder.build();
          Adam adam = Adam.builder(store).options(options).emaDecay(0.9).build()) {
        for (int n : lengths) {
          store.gradient("p" + n).fill(-1);
        }
        adam.step();
        Tensor penalty = ParameterPenalty.l1(store, 1).value();
        // m / sqrt(v) is -1 everywhere
        assertEquals(0.5f * Arrays.stream(lengths).sum(), penalty.item(), 0.01f);
      }
    }
  }
}
