package dev.quern.gpu.layout;

import dev.quern.spi.loss.FusedLossSpec;
import dev.quern.spi.loss.FusedLossSpec.Layout;
import dev.quern.spi.loss.LossCoefficients;
import dev.quern.spi.loss.LossExtent;
import dev.quern.spi.loss.LossSums;

/**
 * How the GPU backends cut a batch and lay out the scratch memory of its sums. A pool is the images
 * whose overlap is scored together: one image, or the batch. A segment is one class of a pool. The
 * pixels of a pool are cut into chunks of whole rounds; a chunk leaves a record of {@link
 * #RECORD_BYTES} per segment it touches: its own, or every class of the pool. Few enough chunks are
 * made that the records stay below 1 MiB or 1 % of the logits, and that one group of threads adds
 * up those of a segment.
 *
 * @param pools the number of pools
 * @param images the number of images of a pool
 * @param classes the number of classes
 * @param pixels the number of pixels of an image; of all images where they lie behind one another
 *     anyway
 * @param chunks the number of chunks of a pool (or of a segment: for ELEMENTS they are the same)
 * @param rounds the number of rounds of a chunk
 * @param groups the number of chunks in all: of all segments for ELEMENTS, else of all pools
 * @param unchunked the number of rounds in all, of all segments or pools
 */
public record FusedLossLayout(
    long pools,
    long images,
    int classes,
    long pixels,
    long chunks,
    int rounds,
    long groups,
    long unchunked) {
  /** {@link LossSums#COUNT} and four counts, in f64. */
  public static final int RECORD_BYTES = (LossSums.COUNT + 4) * Double.BYTES;

  private static final long MOST_CHUNKS = 4096;
  private static final long FREE_BYTES = 1 << 20;
  private static final int BLOCK = 64;

  /**
   * Cuts a batch.
   *
   * @param spec the loss
   * @param extent the batch
   * @param round the number of pixels that a group of threads takes at once
   * @return how it is cut
   */
  public static FusedLossLayout of(FusedLossSpec spec, LossExtent extent, long round) {
    int classes = spec.classes();
    long pools = spec.perImage() ? extent.images() : 1;
    long images = spec.perImage() ? 1 : extent.images();
    long pixels = extent.pixels();
    if (classes == 1) {
      pixels *= images;
      images = 1;
    }
    long parts = spec.layout() == Layout.ELEMENTS ? pools * classes : pools;
    long whole = Math.ceilDiv(images * pixels, round);
    long bytes = Math.max(FREE_BYTES, extent.elements() * spec.logitsDtype().bytes() / 128);
    long records = pools * classes * whole;
    long rounds =
        Math.max(Math.ceilDiv(whole, MOST_CHUNKS), Math.ceilDiv(records * RECORD_BYTES, bytes));
    rounds = Math.clamp(rounds, 1, Math.max(1, whole));
    long chunks = Math.ceilDiv(whole, rounds);
    return new FusedLossLayout(
        pools,
        images,
        classes,
        pixels,
        chunks,
        Math.toIntExact(rounds),
        parts * chunks,
        parts * whole);
  }

  /**
   * Returns the number of segments.
   *
   * @return pools x classes
   */
  public long segments() {
    return pools * classes;
  }

  /**
   * Returns where each segment's sums begin, behind the coefficients at the start.
   *
   * @return the byte offset of {@code double[segments][LossSums.COUNT]}
   */
  public long sums() {
    return aligned(segments() * LossCoefficients.COUNT * Float.BYTES);
  }

  /**
   * Returns where each segment's confusion counts begin.
   *
   * @return the byte offset of {@code double[segments][4]}
   */
  public long counts() {
    return aligned(sums() + segments() * LossSums.COUNT * Double.BYTES);
  }

  /**
   * Returns where the chunks' records begin.
   *
   * @return the byte offset of {@code double[segments][chunks][LossSums.COUNT + 4]}
   */
  public long partials() {
    return aligned(counts() + segments() * 4 * Double.BYTES);
  }

  /**
   * Returns where the chunks' least faults begin.
   *
   * @return the byte offset of {@code long[groups]}
   */
  public long faults() {
    return aligned(partials() + segments() * chunks * RECORD_BYTES);
  }

  /**
   * Returns the size of the scratch memory.
   *
   * @return bytes, at least 1; enough for one fault a round too
   */
  public long bytes() {
    return Math.max(1, Math.max(faults() + groups * Long.BYTES, unchunked * Long.BYTES));
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, BLOCK) * BLOCK;
  }
}
