package dev.quern.cuda;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.gpu.loss.LovaszScratch;
import dev.quern.gpu.loss.LovaszSort;

/**
 * Launches {@code lovasz_sort.cu}: one kernel that counts digits, and one for each pass. Scratch
 * memory: if lists have several chunks, what a kernel's blocks tell each other while it runs (a
 * ticket, and a word for each digit of each chunk but the last of a list), the counts of each digit
 * in each place of each list, and the former once more for every second kernel.
 */
final class CudaLovaszSort implements LovaszSort {
  /** The digits of a key. */
  static final int PLACES = 4;

  /** What stands before the words of the chunks, the first of it the ticket. */
  static final long TICKET_WORDS = 16;

  /** What a block of the histogram takes. */
  static final long HISTOGRAM_ELEMENTS = 4L * LovaszLayout.CHUNK;

  private static final int DIGIT_BITS = 8;

  private final GpuFamily family;

  CudaLovaszSort(GpuFamily family) {
    this.family = family;
  }

  @Override
  public void build() {
    family.build();
  }

  @Override
  public long scratchBytes(LovaszLayout layout) {
    return Math.max(1, layout.chunks() > 1 ? lookBackStart(layout, 2) : layout.end());
  }

  /** All words up to the second look-back's. */
  @Override
  public long clearedWords(LovaszLayout layout) {
    return layout.chunks() > 1
        ? (lookBackStart(layout, 1) - lookBackStart(layout, 0)) / Integer.BYTES
        : 0;
  }

  @Override
  public Launch clear(Launch kernel, LovaszScratch lists) {
    return lookBack(kernel, lists, 0).scalar(clearedWords(lists.layout()));
  }

  @Override
  public void count(LovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    digits(lists.records(lists.keys(family.kernel("lovasz_histogram"), 0)), lists)
        .scalar(layout.length())
        .enqueue(layout.count() * Math.ceilDiv(layout.length(), HISTOGRAM_ELEMENTS));
  }

  /**
   * Each pass looks back through the words that the one before it emptied; those it empties itself
   * are, after the last, turn 0.
   */
  @Override
  public void sort(LovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    for (int place = 0; place < PLACES; place++) {
      int from = place % 2;
      Launch kernel = lists.pairs(family.kernel("lovasz_scatter"), from);
      digits(lists.records(lists.pairs(kernel, 1 - from)), lists);
      lookBack(lookBack(kernel, lists, from), lists, 1 - from)
          .scalar(layout.length())
          .scalar(layout.chunks())
          .scalar(place * DIGIT_BITS)
          .enqueue(lists.chunks());
    }
  }

  @Override
  public Launch counts(Launch kernel, LovaszScratch lists) {
    return lookBack(kernel, lists, 0);
  }

  /** The ticket and the words of one kernel, 0 or 1 by turns. */
  private static Launch lookBack(Launch kernel, LovaszScratch lists, int turn) {
    return lists.words(kernel, lookBackStart(lists.layout(), turn));
  }

  /** The counts of the digits. */
  private static Launch digits(Launch kernel, LovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    return lists.words(kernel, lookBackStart(layout, 0) + lookBackBytes(layout));
  }

  /** Where a look-back begins; 2 for where the last ends. The digits lie between the two. */
  private static long lookBackStart(LovaszLayout layout, int turn) {
    long digits = layout.count() * PLACES * LovaszLayout.DIGITS * Integer.BYTES;
    return layout.end() + turn * lookBackBytes(layout) + (turn == 0 ? 0 : digits);
  }

  private static long lookBackBytes(LovaszLayout layout) {
    long words = layout.count() * (layout.chunks() - 1) * LovaszLayout.DIGITS;
    return (TICKET_WORDS + words) * Integer.BYTES;
  }
}
