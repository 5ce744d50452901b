package dev.quern.bench.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Operands made in pieces are one sequence of random numbers. */
class InputsTest {

  private static final int MANY = 100_003;

  @Test
  void uniform() {
    var random = new SplittableRandom(7);
    float[] values = Inputs.uniform(MANY, 3, 7);
    for (float value : values) {
      assertEquals((float) (3 * (2 * random.nextDouble() - 1)), value);
    }
  }

  @Test
  void unit() {
    var random = new SplittableRandom(-7);
    for (float value : Inputs.unit(MANY, -7)) {
      assertEquals((float) random.nextDouble(), value);
    }
  }

  @Test
  void labels() {
    var random = new SplittableRandom(8);
    byte[] expected = new byte[MANY];
    for (int i = 0; i < MANY; i++) {
      expected[i] = (byte) (random.nextDouble() < 0.3 ? 1 : 0);
      if (random.nextDouble() < 0.1) {
        expected[i] = (byte) Inputs.IGNORED;
      }
    }
    assertArrayEquals(expected, Inputs.labels(MANY, 0.3, 0.1, 8));
  }
}
