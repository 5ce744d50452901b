package dev.quern.train.pixel;

import dev.quern.train.data.Sample;
import dev.quern.train.features.Tile;

/**
 * Neighbouring pixels of a tile, ready for the model.
 *
 * @param sample the image and its mask
 * @param tile that the pixels belong to
 * @param from the first pixel, counted in the tile row by row
 * @param rows how many pixels there are
 * @param features a row for each of them
 */
@SuppressWarnings("ArrayRecordComponent") // handed from thread to thread; never compared
record Piece(Sample sample, Tile tile, int from, int rows, float[] features) {

  /** Index in the image of one of the pixels, in 0 to rows - 1. */
  int pixel(int row) {
    int at = from + row;
    int x = tile.x() + at % tile.width();
    int y = tile.y() + at / tile.width();
    return y * sample.image().width() + x;
  }

  /** The mask's values of the pixels. */
  byte[] target() {
    byte[] target = new byte[rows];
    for (int i = 0; i < rows; i++) {
      target[i] = sample.mask().values()[pixel(i)];
    }
    return target;
  }

  /** Whether the tile's last pixel is among them. */
  boolean endsTile() {
    return from + rows == tile.pixels();
  }

  /** Whether the image's last pixel is among them. */
  boolean endsImage() {
    return endsTile()
        && tile.x() + tile.width() == sample.image().width()
        && tile.y() + tile.height() == sample.image().height();
  }
}
