package dev.quern.spi.optim;

import dev.quern.spi.Span;
import dev.quern.spi.Written;
import org.jspecify.annotations.Nullable;

/**
 * Parameters and gradients of many tensors in flat arrays of equal length, and the device tables
 * that say where each tensor lies and how it is updated. Work is split into tiles of {@link #TILE}
 * elements; a tile lies in one segment, the last of a segment may be shorter, and a segment's first
 * tile is counted over all segments before it, so a tile finds its segment by bisection.
 *
 * @param parameters F32; empty if {@code outside} is given
 * @param gradients F32; empty if {@code outside} is given
 * @param ema F32, the moving average of the parameters; null if none is kept
 * @param segments U8, {@code segmentCount} records of {@link SegmentTable#LAYOUT}
 * @param segmentCount the number of tensors
 * @param tileCount the number of tiles of all segments
 * @param groups U8, records of the optimizer's group: {@link AdamGroup#LAYOUT} or {@link
 *     SgdGroup#LAYOUT}
 * @param ticket I32, one element, 0 between calls: counts finished blocks on the GPUs
 * @param outside where parameters and gradients are if not in the arena; null if they are
 */
public record OptimizerArena(
    @Written(afterReading = true) Span parameters,
    Span gradients,
    @Written(afterReading = true) @Nullable Span ema,
    @Written(afterReading = true) Span segments,
    int segmentCount,
    long tileCount,
    Span groups,
    @Written(afterReading = true) Span ticket,
    @Written(afterReading = true) @Nullable OutsideTensors outside) {

  /**
   * Makes an arena that holds parameters and gradients.
   *
   * @param parameters F32
   * @param gradients F32
   * @param ema F32, the moving average of the parameters; null if none is kept
   * @param segments U8, records of {@link SegmentTable#LAYOUT}
   * @param segmentCount the number of tensors
   * @param tileCount the number of tiles of all segments
   * @param groups U8, records of the optimizer's group
   * @param ticket I32, one element, 0 between calls
   */
  public OptimizerArena(
      Span parameters,
      Span gradients,
      @Nullable Span ema,
      Span segments,
      int segmentCount,
      long tileCount,
      Span groups,
      Span ticket) {
    this(parameters, gradients, ema, segments, segmentCount, tileCount, groups, ticket, null);
  }

  /** Elements of a tile: 16 KB of each stream, so that a tile's six streams stay in an L2 cache. */
  public static final int TILE = 4096;

  /**
   * Segment starts are multiples of this many elements: 64 bytes, one cache line. What lies between
   * the end of a segment and the next multiple belongs to nobody: a kernel may compute there too.
   */
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
