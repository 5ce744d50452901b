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
  void axesAreLeftOutAndChanged() {
    Shape shape = Shape.of(2, 3, 5);
    assertEquals(Shape.of(3, 5), shape.without(0));
    assertEquals(Shape.of(2, 5), shape.without(1));
    assertEquals(Shape.of(2, 3), shape.without(-1));
    assertEquals(Shape.of(), Shape.of(7).without(0));
    assertEquals(Shape.of(2, 7, 5), shape.with(1, 7));
    assertEquals(Shape.of(2, 3, 0), shape.with(-1, 0));
    assertEquals(Shape.of(2, 3, 5), shape);
    assertEquals(30, shape.elementsFrom(0));
    assertEquals(5, shape.elementsFrom(2));
    assertEquals(1, shape.elementsFrom(3));
  }

  @Test
  void refusesWhatCannotBe() {
    Shape shape = Shape.of(2, 3);
    assertThrows(IndexOutOfBoundsException.class, () -> shape.without(2));
    assertThrows(IndexOutOfBoundsException.class, () -> shape.with(-3, 1));
    assertThrows(IllegalArgumentException.class, () -> shape.with(0, -1));
    assertThrows(ArithmeticException.class, () -> shape.with(0, Long.MAX_VALUE));
    assertThrows(IndexOutOfBoundsException.class, () -> shape.elementsFrom(3));
    assertThrows(IllegalArgumentException.class, () -> Shape.of(2, -1));
    assertThrows(ArithmeticException.class, () -> Shape.of(Long.MAX_VALUE, 3));
    assertThrows(IndexOutOfBoundsException.class, () -> Shape.of(2).dim(1));
  }
}
