package dev.quern.train.data;

import java.util.ArrayList;
import java.util.List;

/**
 * A rectangle of an image.
 *
 * @param x first column
 * @param y first row
 * @param width in pixels
 * @param height in pixels
 */
public record Tile(int x, int y, int width, int height) {

  /**
   * Longest side. Features are sums over tiles of this grid with their surroundings, so it is part
   * of what a feature is, to the last bit.
   */
  public static final int SIDE = 512;

  /**
   * The tiles of an image.
   *
   * @param imageWidth in pixels
   * @param imageHeight in pixels
   * @return row by row
   */
  public static List<Tile> of(int imageWidth, int imageHeight) {
    List<Tile> tiles = new ArrayList<>();
    for (int y = 0; y < imageHeight; y += SIDE) {
      for (int x = 0; x < imageWidth; x += SIDE) {
        tiles.add(new Tile(x, y, Math.min(SIDE, imageWidth - x), Math.min(SIDE, imageHeight - y)));
      }
    }
    return tiles;
  }

  /**
   * The number of pixels.
   *
   * @return {@code width * height}
   */
  public int pixels() {
    return width * height;
  }
}
