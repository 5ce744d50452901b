package dev.quern.simd.work;

/**
 * How a matrix is cut where its columns are summed. Rows are taken several at once, so that a
 * <i>period</i> of elements, a common multiple of the columns and {@link #ROW}, meets the columns
 * alike again and again: element i of a block goes into accumulator i modulo the period, and every
 * number of columns fills vectors of every width. Sums are f32 inside a block of rows; the blocks
 * of a piece, and the pieces, are added in f64. The cut depends on the matrix only, never on
 * threads or vector width.
 *
 * @param rows of the matrix
 * @param columns of the matrix, at least 1
 * @param period elements, whole rows
 * @param blockRows rows of a block, whole periods
 * @param blocksPerPiece so many that there are at most {@link #PIECES} pieces
 */
public record ColumnBlocks(long rows, int columns, int period, int blockRows, long blocksPerPiece) {
  /** What a period is a multiple of: four of the widest vectors. */
  public static final int ROW = 64;

  /** Elements of a block, about: two streams of so many stay in an L2 cache. */
  private static final int BLOCK = 1 << 14;

  private static final long PIECES = 128;

  /** With fewer blocks one thread is done before a second has begun. */
  private static final long INLINE_BELOW = 4;

  /** Cuts a matrix. */
  public static ColumnBlocks of(long rows, long columns) {
    int width = Math.toIntExact(columns);
    int step = ROW / Math.min(ROW, Integer.lowestOneBit(width));
    int blockRows = ROW * Math.max(1, BLOCK / ROW / width);
    long blocks = Math.ceilDiv(rows, blockRows);
    long perPiece = Math.max(1, Math.ceilDiv(blocks, PIECES));
    return new ColumnBlocks(rows, width, Math.multiplyExact(step, width), blockRows, perPiece);
  }

  /** Returns the number of blocks. */
  public long blocks() {
    return Math.ceilDiv(rows, blockRows);
  }

  /** Returns the number of pieces. */
  public long pieces() {
    return Math.ceilDiv(blocks(), blocksPerPiece);
  }

  /** Returns the first block of a piece, or the end of the one before. */
  public long firstBlock(long piece) {
    return Math.min(blocks(), piece * blocksPerPiece);
  }

  /** Returns the first row of a block. */
  public long firstRow(long block) {
    return block * blockRows;
  }

  /** Returns how many rows a block has. */
  public int rows(long block) {
    return (int) Math.min(blockRows, rows - firstRow(block));
  }

  /** Returns with fewer pieces than how many the caller does them alone. */
  public long inlineBelow() {
    return blocks() < INLINE_BELOW ? Long.MAX_VALUE : 0;
  }
}
