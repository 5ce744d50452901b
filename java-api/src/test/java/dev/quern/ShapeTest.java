package dev.quern;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class ShapeTest {
  @Test
  void countsElements() {
    assertEquals(24, Shape.of(2, 3, 4).elements());
    assertEquals(1, Shape.of().elements());
    assertEquals(0, Shape.of(3, 0).elements());
    assertEquals(4, Shape.of(2, 3, 4).dim(-1));
    assertEquals("(2, 1, 256, 256)", Shape.of(2, 1, 256, 256).toString());
  }

  @Test
  void refusesWhatCannotBe() {
    assertThrows(IllegalArgumentException.class, () -> Shape.of(2, -1));
    assertThrows(ArithmeticException.class, () -> Shape.of(Long.MAX_VALUE, 3));
    assertThrows(IndexOutOfBoundsException.class, () -> Shape.of(2).dim(1));
  }
}
