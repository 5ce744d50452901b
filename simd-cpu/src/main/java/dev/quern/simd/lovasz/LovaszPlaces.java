package dev.quern.simd.lovasz;

/**
 * Where the pixels of a list are in a tensor of (rows, classes, pixels): row by row, those of one
 * class.
 *
 * @param base the first element of the class in the first row
 * @param rowStride classes x pixels
 * @param pixels the length of a row
 * @param direct whether an item's position is the distance from {@code base}; else it is the number
 *     of the pixel in the list, because the distance may have more than 31 bits
 */
record LovaszPlaces(long base, long rowStride, int pixels, boolean direct) {
  /** Returns the byte that the element of an item starts at. */
  long byteOffset(long item) {
    int position = (int) (item & 0xffff_ffffL) >>> 1;
    long distance = direct ? position : position / pixels * rowStride + position % pixels;
    return 4 * (base + distance);
  }

  /** Returns the element of a pixel, given by its row and its place in it. */
  long element(long row, int pixel) {
    return base + row * rowStride + pixel;
  }

  /** Returns what items call that pixel. */
  int position(long row, int pixel) {
    return (int) (row * (direct ? rowStride : pixels) + pixel);
  }
}
