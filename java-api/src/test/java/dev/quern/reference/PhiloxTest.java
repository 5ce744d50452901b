package dev.quern.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.quern.spi.tensor.PhiloxStream;
import org.junit.jupiter.api.Test;

/** The known answers are those of the Random123 library. */
class PhiloxTest {
  @Test
  void zeroCounterAndKey() {
    int[] expected = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    for (int lane = 0; lane < 4; lane++) {
      assertEquals(expected[lane], Philox.word(new PhiloxStream(0, 0, 0, 0), lane));
    }
  }

  @Test
  void allOnesCounterAndKey() {
    int[] expected = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    long first = 0xFFFFFFFFL << 2;
    for (int lane = 0; lane < 4; lane++) {
      assertEquals(expected[lane], Philox.word(new PhiloxStream(-1, -1, -1, -1), first + lane));
    }
  }

  @Test
  void uniformsFillTheUnitInterval() {
    PhiloxStream stream = new PhiloxStream(42, 1, 2, 3);
    double sum = 0;
    for (int i = 0; i < 100_000; i++) {
      float u = Philox.uniform(stream, i);
      assertTrue(u >= 0 && u < 1);
      sum += u;
    }
    // five standard deviations of the mean of that many uniforms
    assertEquals(0.5, sum / 100_000, 5 / Math.sqrt(12 * 100_000));
  }
}
