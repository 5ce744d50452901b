package dev.quern.reference.element;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.quern.spi.tensor.UnaryOp;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FunctionsTest {
  private static final Elements WIDE = new Elements(MemorySegment.NULL, true);

  @ParameterizedTest
  @EnumSource
  void gradientsAreSlopes(UnaryOp op) {
    double step = 1e-6;
    double first = op == UnaryOp.LOG || op == UnaryOp.SQRT ? 0.07 : -5.03;
    for (double x = first; x < 5; x += 0.1) {
      double up = Functions.value(op, x + step);
      double expected = 3 * (up - Functions.value(op, x - step)) / (2 * step);
      double actual = Functions.gradient(op, x, 3, WIDE);
      assertEquals(expected, actual, 1e-6 * Math.max(1, Math.abs(expected)), op + " at " + x);
    }
  }

  @ParameterizedTest
  @EnumSource
  void notANumberHasNoGradient(UnaryOp op) {
    double expected = op == UnaryOp.SIGN ? 0 : Double.NaN;
    assertEquals(expected, Functions.gradient(op, Double.NaN, 1, WIDE));
  }
}
