package dev.quern.simd.lovasz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Items find their pixels in small tensors and in those whose distances take more than 31 bits. */
class LovaszPlacesTest {
  @Test
  void bothWaysOfNamingAPixelLeadToIt() {
    long rowStride = 5L * 1009;
    for (boolean direct : new boolean[] {true, false}) {
      LovaszPlaces places = new LovaszPlaces(3 * 1009, rowStride, 1009, direct);
      for (long row : new long[] {0, 1, 77}) {
        for (int pixel : new int[] {0, 1, 1008}) {
          long item = LovaszWalk.item(0x80000001, places.position(row, pixel), 1);
          assertEquals(3 * 1009 + row * rowStride + pixel, places.element(row, pixel));
          assertEquals(4 * places.element(row, pixel), places.byteOffset(item));
        }
      }
    }
  }

  @Test
  void distancesOfMoreThan31BitsDoNotOverflow() {
    long rowStride = 40L << 20;
    LovaszPlaces places = new LovaszPlaces(7, rowStride, 1 << 20, false);
    long item = LovaszWalk.item(5, places.position(2047, (1 << 20) - 1), 0);
    assertEquals(4 * (7 + 2047 * rowStride + (1 << 20) - 1), places.byteOffset(item));
  }
}
