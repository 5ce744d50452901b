package dev.quern.opencl;

import dev.quern.gpu.host.GpuFamily;
import dev.quern.gpu.host.Launch;
import dev.quern.gpu.layout.LovaszLayout;
import dev.quern.gpu.loss.LovaszScratch;
import dev.quern.gpu.loss.LovaszSort;

/**
 * Launches {@code lovasz_sort.cl}, and from {@code lovasz_gradient.cl} what counts the foreground.
 * Scratch memory: if lists have several chunks, these chunks' counts of each digit and the sums of
 * the counts. The counts' place takes the foreground of the sorted chunks.
 */
final class OpenClLovaszSort implements LovaszSort {
  private static final int DIGIT_BITS = 8;

  /** The errors take 31 bits of the keys. */
  private static final int KEY_BITS = 31;

  private final GpuFamily sort;
  private final GpuFamily gradient;

  OpenClLovaszSort(GpuFamily sort, GpuFamily gradient) {
    this.sort = sort;
    this.gradient = gradient;
  }

  @Override
  public void build() {
    sort.build();
  }

  @Override
  public long scratchBytes(LovaszLayout layout) {
    return layout.chunks() > 1
        ? totalsStart(layout) + layout.count() * LovaszLayout.DIGITS * Integer.BYTES
        : Math.max(1, layout.end());
  }

  /** Where the counts' sums lie: behind the counts, one per list, digit and chunk. */
  private static long totalsStart(LovaszLayout layout) {
    return layout.end() + layout.count() * LovaszLayout.DIGITS * layout.chunks() * Integer.BYTES;
  }

  @Override
  public long clearedWords(LovaszLayout layout) {
    return 0;
  }

  @Override
  public Launch clear(Launch kernel, LovaszScratch lists) {
    return kernel;
  }

  @Override
  public void count(LovaszScratch lists) {
    histogram(lists, 0, 0);
  }

  private void histogram(LovaszScratch lists, int from, int shift) {
    LovaszLayout layout = lists.layout();
    counts(lists.records(lists.keys(sort.kernel("lovasz_histogram"), from)), lists)
        .scalar(layout.length())
        .scalar(layout.chunks())
        .scalar(shift)
        .enqueue(lists.chunks());
  }

  /** The digits of the first pass are counted already. */
  @Override
  public void sort(LovaszScratch lists) {
    boolean severalChunks = lists.layout().chunks() > 1;
    int from = 0;
    for (int shift = 0; shift < KEY_BITS; shift += DIGIT_BITS) {
      if (severalChunks) {
        if (shift > 0) {
          histogram(lists, from, shift);
        }
        scan(lists, LovaszLayout.DIGITS, shift > 0);
      }
      scatter(lists, from, shift);
      from = 1 - from;
    }
    if (severalChunks) {
      foreground(lists);
      scan(lists, 1, true);
    }
  }

  /** Sums the counts of each row over the chunks. */
  private void scan(LovaszScratch lists, int rowsPerList, boolean compacted) {
    LovaszLayout layout = lists.layout();
    int group = sort.geometry().group();
    long lanes = Math.min(group, Long.highestOneBit(2 * layout.chunks() - 1));
    long rows = layout.count() * rowsPerList;
    Launch kernel = counts(sort.kernel("lovasz_scan"), lists);
    lists
        .records(rowsPerList == 1 ? kernel.tensorOrNull(null) : totals(kernel, lists))
        .scalar(rows)
        .scalar(layout.chunks())
        .scalar(rowsPerList)
        .scalar((int) lanes)
        .scalar(compacted ? 1 : 0)
        .enqueue(Math.ceilDiv(rows, group / lanes));
  }

  private void scatter(LovaszScratch lists, int from, int shift) {
    LovaszLayout layout = lists.layout();
    Launch kernel = lists.pairs(lists.pairs(sort.kernel("lovasz_scatter"), from), 1 - from);
    totals(counts(lists.records(kernel), lists), lists)
        .scalar(layout.length())
        .scalar(layout.chunks())
        .scalar(shift)
        .enqueue(lists.chunks());
  }

  private void foreground(LovaszScratch lists) {
    LovaszLayout layout = lists.layout();
    counts(lists.records(lists.keys(gradient.kernel("lovasz_foreground"), 0)), lists)
        .scalar(layout.length())
        .scalar(layout.chunks())
        .enqueue(lists.chunks());
  }

  @Override
  public Launch counts(Launch kernel, LovaszScratch lists) {
    return lists.words(kernel, lists.layout().end());
  }

  private static Launch totals(Launch kernel, LovaszScratch lists) {
    return lists.words(kernel, totalsStart(lists.layout()));
  }
}
