package dev.quern.train.features;

import dev.quern.train.data.Image;
import dev.quern.train.data.Tile;
import java.util.ArrayList;
import java.util.List;

/** The features of one image; may be asked by several threads at once. */
public final class ImageFeatures {

  private final FeatureExtractor extractor;
  private final Image image;
  private final List<Brightness> brightness;

  ImageFeatures(FeatureExtractor extractor, Image image, List<Brightness> brightness) {
    this.extractor = extractor;
    this.image = image;
    this.brightness = brightness;
  }

  /**
   * Prepares a tile.
   *
   * @param tile of the grid
   * @return its features, computed when asked for
   */
  public TileFeatures tile(Tile tile) {
    List<Plane> planes = extractor.planes(image, brightness, tile);
    return (from, to) -> {
      int[] xs = new int[to - from];
      int[] ys = new int[xs.length];
      for (int i = 0; i < xs.length; i++) {
        xs[i] = tile.x() + (from + i) % tile.width();
        ys[i] = tile.y() + (from + i) / tile.width();
      }
      float[] rows = new float[Math.multiplyExact(xs.length, extractor.size())];
      extractor.describe(planes, xs, ys, rows);
      return rows;
    };
  }

  /** The features of one tile. */
  @FunctionalInterface
  public interface TileFeatures {
    /**
     * Features of pixels that follow one another, row by row.
     *
     * @param from the first, counted in the tile
     * @param to one past the last
     * @return {@code to - from} rows of {@link FeatureExtractor#size()} values
     */
    float[] rows(int from, int to);
  }

  /**
   * Features of some pixels; every tile that holds one of them is prepared.
   *
   * @param pixels indices into a plane, in any order
   * @return {@code pixels.length} rows of {@link FeatureExtractor#size()} values
   */
  public float[] rows(int[] pixels) {
    int size = extractor.size();
    int across = Math.ceilDiv(image.width(), Tile.SIDE);
    List<Tile> tiles = Tile.of(image.width(), image.height());
    List<List<Integer>> places = new ArrayList<>();
    tiles.forEach(_ -> places.add(new ArrayList<>()));
    for (int i = 0; i < pixels.length; i++) {
      int tile = y(pixels[i]) / Tile.SIDE * across + x(pixels[i]) / Tile.SIDE;
      places.get(tile).add(i);
    }
    float[] out = new float[Math.multiplyExact(pixels.length, size)];
    for (int t = 0; t < tiles.size(); t++) {
      int[] here = places.get(t).stream().mapToInt(Integer::intValue).toArray();
      if (here.length == 0) {
        continue;
      }
      int[] xs = new int[here.length];
      int[] ys = new int[here.length];
      for (int i = 0; i < here.length; i++) {
        xs[i] = x(pixels[here[i]]);
        ys[i] = y(pixels[here[i]]);
      }
      float[] rows = new float[here.length * size];
      extractor.describe(extractor.planes(image, brightness, tiles.get(t)), xs, ys, rows);
      for (int i = 0; i < here.length; i++) {
        System.arraycopy(rows, i * size, out, here[i] * size, size);
      }
    }
    return out;
  }

  private int x(int pixel) {
    return pixel % image.width();
  }

  private int y(int pixel) {
    return pixel / image.width();
  }
}
