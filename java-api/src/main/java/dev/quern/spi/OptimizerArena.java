package dev.quern.spi;

import org.jspecify.annotations.Nullable;

/**
 * Parameters and gradients of many tensors in flat arrays of equal length, and the device tables
 * that say where each tensor lies and how it is updated. Work is split into tiles of {@link #TILE}
 * elements; a tile lies in one segment, the last of a segment may be shorter, and a segment's first
 * tile is counted over all segments before it, so a tile finds its segment by bisection.
 *
 * @param parameters F32
 * @param gradients F32
 * @param ema F32, the moving average of the parameters; null if none is kept
 * @param segments U8, {@code segmentCount} records of {@link SegmentTable#LAYOUT}
 * @param segmentCount the number of tensors
 * @param tileCount the number of tiles of all segments
 * @param groups U8, records of the optimizer's group: {@link AdamGroup#LAYOUT} or {@link
 *     SgdGroup#LAYOUT}
 * @param ticket I32, one element, 0 between calls: counts finished blocks on the GPUs
 */
public record OptimizerArena(
    Span parameters,
    Span gradients,
    @Nullable Span ema,
    Span segments,
    int segmentCount,
    long tileCount,
    Span groups,
    Span ticket) {

  /** Elements of a tile: 16 KB of each stream, so that a tile's six streams stay in an L2 cache. */
  public static final int TILE = 4096;

  /** Segment starts are multiples of this many elements: 64 bytes, one cache line. */
  public static final int ALIGNMENT = 16;

  /**
   * Returns the number of tiles a tensor takes.
   *
   * @param length its number of elements
   * @return tiles
   */
  public static long tiles(long length) {
    return (length + TILE - 1) / TILE;
  }
}
