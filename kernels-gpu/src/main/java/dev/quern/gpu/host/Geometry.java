package dev.quern.gpu.host;

/**
 * How work is cut on a device: the constants that its kernels are compiled with, and the numbers of
 * groups that follow. They depend on the device at most, never on data or load, because the order
 * of sums depends on them.
 *
 * @param group the threads (work-items) of a group (block)
 * @param tile the elements of a group in kernels that map
 * @param chunk the elements of a group in kernels that reduce
 */
public record Geometry(int group, int tile, int chunk) {
  /**
   * Counts the groups that map elements.
   *
   * @param n the number of elements
   * @return a tile for each group, the last one perhaps cut short
   */
  public long tiles(long n) {
    return Math.ceilDiv(n, tile);
  }

  /**
   * Counts the groups that reduce elements.
   *
   * @param n the number of elements
   * @return a chunk for each group, the last one perhaps cut short
   */
  public long chunks(long n) {
    return Math.ceilDiv(n, chunk);
  }

  /**
   * Counts the groups with one thread for each element.
   *
   * @param n the number of elements
   * @return the number of groups
   */
  public long groups(long n) {
    return Math.ceilDiv(n, group);
  }
}
