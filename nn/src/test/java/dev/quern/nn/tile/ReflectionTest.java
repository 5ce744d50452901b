package dev.quern.nn.tile;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ReflectionTest {
  @Test
  void goesBackAndForth() {
    assertArrayEquals(
        new int[] {1, 2, 1, 0, 1, 2, 1, 0, 1},
        IntStream.range(-3, 6).map(i -> Reflection.place(i, 3)).toArray());
    assertEquals(0, Reflection.place(-7, 1));
    assertEquals(1, Reflection.place(-5, 2));
  }

  @Test
  void namesThePartThatStandsForARegion() {
    assertEquals(new Reflection(10, 1, 4), Reflection.of(1, 4, 10));
    assertEquals(new Reflection(10, 0, 4), Reflection.of(-3, 5, 10));
    assertEquals(new Reflection(10, 5, 5), Reflection.of(8, 6, 10));
    assertEquals(8, Reflection.of(8, 6, 10).at(10));
  }
}
