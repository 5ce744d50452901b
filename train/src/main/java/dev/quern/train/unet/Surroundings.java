package dev.quern.train.unet;

/**
 * How much of an image lies around a tile so that the tile's logits are those of the whole image.
 *
 * @param multiple that extents and origins have to be of
 * @param radius how far a logit sees
 */
record Surroundings(int multiple, int radius) {

  /** Part of an axis. */
  record Range(int from, int length) {}

  int margin() {
    return Math.ceilDiv(radius, multiple) * multiple;
  }

  /**
   * A tile's part of an axis with what lies around it, in an image made as long as the multiple.
   *
   * @param from where the tile begins, a multiple
   * @param length of the tile
   * @param extent of the image
   */
  Range around(int from, int length, int extent) {
    int end = Math.ceilDiv(extent, multiple) * multiple;
    int first = from - before(from);
    int last = Math.min(end, Math.ceilDiv(from + length, multiple) * multiple + margin());
    return new Range(first, last - first);
  }

  /** How much lies before a tile. */
  int before(int from) {
    return Math.min(from, margin());
  }
}
