package dev.quern.spi;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Parameters, gradients and moments of many tensors in flat arrays of equal length, and the device
 * tables that say where each tensor lies and how it is updated. Work is split into tiles of {@link
 * #TILE} elements; a tile lies in one segment, the last of a segment may be shorter, and a
 * segment's first tile is counted over all segments before it, so a tile finds its segment by
 * bisection.
 *
 * @param parameters F32
 * @param gradients F32
 * @param expAvg F32, first moments
 * @param expAvgSq F32, second moments
 * @param maxExpAvgSq F32, their maxima; null if no group uses amsgrad
 * @param segments U8, {@code segmentCount} records of {@link #SEGMENT}
 * @param segmentCount the number of tensors
 * @param tileCount the number of tiles of all segments
 * @param groups U8, records of {@link #GROUP}
 * @param ticket I32, one element, 0 between calls: counts finished blocks on the GPUs
 */
public record AdamArena(
    Span parameters,
    Span gradients,
    Span expAvg,
    Span expAvgSq,
    @Nullable Span maxExpAvgSq,
    Span segments,
    int segmentCount,
    long tileCount,
    Span groups,
    Span ticket) {

  /**
   * Elements of a tile: 16 KB of each stream, so that a tile's five streams stay in an L2 cache.
   */
  public static final int TILE = 4096;

  /** Segment starts are multiples of this many elements: 64 bytes, one cache line. */
  public static final int ALIGNMENT = 16;

  /**
   * One tensor: first element, number of elements, first tile, steps taken, group, whether it has a
   * gradient in this step. {@code QuernAdamSegment} in {@code adam.inc}.
   */
  public static final StructLayout SEGMENT =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_LONG.withName("offset"),
          ValueLayout.JAVA_LONG.withName("length"),
          ValueLayout.JAVA_LONG.withName("firstTile"),
          ValueLayout.JAVA_LONG.withName("step"),
          ValueLayout.JAVA_INT.withName("group"),
          ValueLayout.JAVA_INT.withName("active"));

  /** The hyper-parameters of one group. {@code QuernAdamGroup} in {@code adam.inc}. */
  public static final StructLayout GROUP =
      MemoryLayout.structLayout(
          ValueLayout.JAVA_DOUBLE.withName("lr"),
          ValueLayout.JAVA_DOUBLE.withName("beta1"),
          ValueLayout.JAVA_DOUBLE.withName("beta2"),
          ValueLayout.JAVA_DOUBLE.withName("logBeta1"),
          ValueLayout.JAVA_DOUBLE.withName("logBeta2"),
          ValueLayout.JAVA_DOUBLE.withName("eps"),
          ValueLayout.JAVA_DOUBLE.withName("weightDecay"),
          ValueLayout.JAVA_INT.withName("flags"),
          ValueLayout.JAVA_INT.withName("unused"));

  /** Group flag: the second moment's maximum divides. */
  public static final int FLAG_AMSGRAD = 1;

  /** Group flag: the gradient's sign is turned. */
  public static final int FLAG_MAXIMIZE = 2;

  /** Group flag: weight decay shrinks the parameter instead of adding to the gradient. */
  public static final int FLAG_DECOUPLED = 4;

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
