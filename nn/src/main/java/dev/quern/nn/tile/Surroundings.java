package dev.quern.nn.tile;

import dev.quern.Tensor;
import dev.quern.nn.unet.UNet;

/**
 * How much of an image lies around a tile so that the tile's logits are those of the whole image,
 * to the bit. The image is made as large as the network's multiple, by what lies behind its right
 * and lower border.
 *
 * @param multiple that extents and origins have to be of
 * @param radius how far a logit sees
 */
public record Surroundings(int multiple, int radius) {

  /**
   * What a network needs.
   *
   * @param network of any depth
   * @return its multiple and radius
   */
  public static Surroundings of(UNet network) {
    return new Surroundings(network.multiple(), network.radius());
  }

  /**
   * Part of an axis.
   *
   * @param from where it begins
   * @param length how long it is
   */
  public record Range(int from, int length) {}

  /**
   * The most that lies on one side of a tile.
   *
   * @return a multiple, at least the radius
   */
  public int margin() {
    return Math.ceilDiv(radius, multiple) * multiple;
  }

  /**
   * A tile's part of an axis with what lies around it, in an image made as long as the multiple.
   *
   * @param from where the tile begins, a multiple
   * @param length of the tile
   * @param extent of the image
   * @return what the network is given
   */
  public Range around(int from, int length, int extent) {
    int end = Math.ceilDiv(extent, multiple) * multiple;
    int first = from - before(from);
    int last = Math.min(end, Math.ceilDiv(from + length, multiple) * multiple + margin());
    return new Range(first, last - first);
  }

  private int before(int from) {
    return Math.min(from, margin());
  }

  /**
   * Takes from logits those of the tile.
   *
   * @param logits (N, classes, H, W) of the tile with what lies around it
   * @param x the tile's first column, a multiple
   * @param y the tile's first row, a multiple
   * @param width of the tile
   * @param height of the tile
   * @return (N, classes, height, width): the logits themselves if nothing lies around
   */
  public Tensor cut(Tensor logits, int x, int y, int width, int height) {
    return cut(cut(logits, 2, before(y), height), 3, before(x), width);
  }

  private static Tensor cut(Tensor logits, int axis, long from, int length) {
    return logits.shape().dim(axis) == length ? logits : logits.narrow(axis, from, from + length);
  }
}
