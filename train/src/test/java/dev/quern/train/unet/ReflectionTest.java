package dev.quern.train.unet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** An axis that goes on behind its ends. */
class ReflectionTest {

  @Test
  void theEndIsNotRepeated() {
    assertArrayEquals(
        new int[] {2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2, 3, 2, 1},
        IntStream.range(-2, 12).map(i -> Reflection.place(i, 4)).toArray());
    assertArrayEquals(
        new int[] {1, 0, 1, 0, 1, 0},
        IntStream.range(-3, 3).map(i -> Reflection.place(i, 2)).toArray());
  }

  @Test
  void anAxisOfOneIsThatEverywhere() {
    assertArrayEquals(
        new int[5], IntStream.range(-2, 3).map(i -> Reflection.place(i, 1)).toArray());
    assertEquals(new Reflection(1, 0, 1), Reflection.of(-7, 20, 1));
  }

  @Test
  void looksAtNoMoreThanItNeeds() {
    assertEquals(new Reflection(10, 3, 4), Reflection.of(3, 4, 10));
    assertEquals(new Reflection(10, 0, 6), Reflection.of(-3, 9, 10)); // 3 2 1 0 .. 5
    assertEquals(new Reflection(10, 7, 3), Reflection.of(8, 4, 10)); // 8 9 8 7
    assertEquals(new Reflection(10, 0, 10), Reflection.of(-20, 60, 10));
  }
}
