package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.quern.simd.work.Chunks;
import dev.quern.simd.work.Task;
import dev.quern.simd.work.WorkerPool;
import java.lang.foreign.MemorySegment;

/**
 * A list that all threads share. Blocks of chunks are staged into the block's part of the items;
 * each digit is counted per block and scattered to the places that these counts give, the first
 * time closing the gaps between blocks. Then the foreground of each chunk of sorted items is
 * counted and the chunks are walked. The sorted items do not depend on how they were cut, and sums
 * are f64 per chunk of sorted items, added in order: the same bits as one thread gives.
 */
final class LargeList {
  /** The most blocks. */
  private static final int BLOCKS = 64;

  /** Chunks of a block at least. */
  private static final int BLOCK_CHUNKS = 4;

  private static final int INLINE_BELOW = 2;

  private final LovaszCall call;
  private final LovaszGroups groups;
  private final WorkerPool pool;
  private final int blockChunks;
  private final int blocks;
  private final MemorySegment first;
  private final MemorySegment second;
  private final MemorySegment tables;
  private final MemorySegment kept;
  private final MemorySegment foreground;
  private final MemorySegment sums;

  /** Returns the scratch memory of a list of so many pixels. */
  static long scratchBytes(long pixels) {
    return 16 * pixels + 4L * BLOCKS * (RadixSort.RADIX + 2) + 16 * (Chunks.count(pixels) + 2);
  }

  LargeList(LovaszCall call, WorkerPool pool, MemorySegment scratch) {
    this.call = call;
    this.groups = call.groups;
    this.pool = pool;
    int chunks = groups.listChunks();
    blockChunks = Math.max(BLOCK_CHUNKS, (chunks + BLOCKS - 1) / BLOCKS);
    blocks = (chunks + blockChunks - 1) / blockChunks;
    long itemBytes = 8L * groups.listLength;
    long sumBytes = 8 * (Chunks.count(groups.listLength) + 1);
    long at = 0;
    first = scratch.asSlice(at, itemBytes);
    at += itemBytes;
    second = scratch.asSlice(at, itemBytes);
    at += itemBytes;
    sums = scratch.asSlice(at, sumBytes);
    at += sumBytes;
    foreground = scratch.asSlice(at, sumBytes / 2);
    at += sumBytes / 2;
    kept = scratch.asSlice(at, 8L * BLOCKS);
    at += 8L * BLOCKS;
    tables = scratch.asSlice(at, 4L * BLOCKS * RadixSort.RADIX);
  }

  /**
   * Does one list.
   *
   * @return its loss
   */
  double run(long group, int c, double factor) {
    pool.run(new Make(group, c), blocks, INLINE_BELOW);
    int items = 0;
    int positives = 0;
    for (int block = 0; block < blocks; block++) {
      items += kept.getAtIndex(JAVA_INT, 2L * block);
      positives += kept.getAtIndex(JAVA_INT, 2L * block + 1);
    }
    LovaszPlaces places = groups.places(group, c);
    if (items == 0) {
      return 0;
    }
    if (positives == 0) {
      double only = LovaszWalk.only(least(), factor, call.gradient, places);
      if (Double.isNaN(only) && call.gradient != null) {
        spreadNan(call.gradient, places);
      }
      return only;
    }
    MemorySegment sorted = sort(items);
    int chunks = (int) Chunks.count(items);
    pool.run(new Count(sorted, items), chunks, INLINE_BELOW);
    int before = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
      int here = foreground.getAtIndex(JAVA_INT, chunk);
      foreground.setAtIndex(JAVA_INT, chunk, before);
      before += here;
    }
    pool.run(new Walk(sorted, items, positives, factor, places), chunks, INLINE_BELOW);
    double sum = 0;
    for (int chunk = 0; chunk < chunks; chunk++) {
      sum += sums.getAtIndex(JAVA_DOUBLE, chunk);
    }
    return sum;
  }

  private int firstChunk(int block) {
    return Math.min(groups.listChunks(), block * blockChunks);
  }

  /** Where a block's part of the items starts before the first digit is sorted. */
  private int firstItem(int block) {
    return groups.before(firstChunk(block));
  }

  /** The first item of a list without foreground. */
  private long least() {
    long least = Long.MAX_VALUE;
    for (int block = 0; block < blocks; block++) {
      int from = firstItem(block);
      int to = from + kept.getAtIndex(JAVA_INT, 2L * block);
      for (int i = from; i < to; i++) {
        least = Math.min(least, first.get(JAVA_LONG, 8L * i));
      }
    }
    return least;
  }

  private void spreadNan(MemorySegment gradient, LovaszPlaces places) {
    for (int block = 0; block < blocks; block++) {
      int from = firstItem(block);
      int to = from + kept.getAtIndex(JAVA_INT, 2L * block);
      LovaszWalk.spreadNan(first, from, to, gradient, places);
    }
  }

  private MemorySegment sort(int items) {
    MemorySegment from = first;
    MemorySegment to = second;
    boolean dense = false;
    for (int digit = 0; digit < RadixSort.DIGITS; digit++) {
      Digit task = new Digit(from, to, digit, dense, items);
      pool.run(task, blocks, INLINE_BELOW);
      if (place(items) && dense) {
        continue;
      }
      task.scatters = true;
      pool.run(task, blocks, INLINE_BELOW);
      dense = true;
      MemorySegment sorted = to;
      to = from;
      from = sorted;
    }
    return from;
  }

  /**
   * Turns counts into places: values in order, the blocks of a value in order.
   *
   * @return whether all items have the same value
   */
  private boolean place(int items) {
    int place = 0;
    boolean same = false;
    for (int value = 0; value < RadixSort.RADIX; value++) {
      int start = place;
      for (int block = 0; block < blocks; block++) {
        long at = (long) block * RadixSort.RADIX + value;
        int count = tables.getAtIndex(JAVA_INT, at);
        tables.setAtIndex(JAVA_INT, at, place);
        place += count;
      }
      same |= place - start == items;
    }
    return same;
  }

  private final class Make extends LovaszCall.Work {
    private final long group;
    private final int c;

    Make(long group, int c) {
      super(LargeList.this.call);
      this.group = group;
      this.c = c;
      open(first);
    }

    @Override
    public void run(long piece) {
      int block = (int) piece;
      LovaszStage stage = LovaszStage.current();
      stage.foreground = 0;
      int start = firstItem(block);
      int at = start;
      for (int chunk = firstChunk(block); chunk < firstChunk(block + 1); chunk++) {
        at += call.makeItems(stage, group, c, chunk, first, at);
      }
      kept.setAtIndex(JAVA_INT, 2L * block, at - start);
      kept.setAtIndex(JAVA_INT, 2L * block + 1, stage.foreground);
    }
  }

  /** Counts a digit, then scatters by it. */
  private final class Digit extends Task {
    private final MemorySegment from;
    private final MemorySegment to;
    private final int digit;
    private final boolean dense;
    private final int items;
    boolean scatters;

    Digit(MemorySegment from, MemorySegment to, int digit, boolean dense, int items) {
      this.from = open(from);
      this.to = to;
      this.digit = digit;
      this.dense = dense;
      this.items = items;
    }

    private int start(int block) {
      return dense ? (int) ((long) items * block / blocks) : firstItem(block);
    }

    @Override
    public void run(long piece) {
      int block = (int) piece;
      int start = start(block);
      int end = dense ? start(block + 1) : start + kept.getAtIndex(JAVA_INT, 2L * block);
      int[] table = LovaszStage.current().counts;
      MemorySegment mine = tables.asSlice(4L * block * RadixSort.RADIX, 4L * RadixSort.RADIX);
      if (scatters) {
        MemorySegment.copy(mine, JAVA_INT, 0, table, 0, RadixSort.RADIX);
        RadixSort.scatter(from, start, end, to, digit, table);
      } else {
        RadixSort.count(from, start, end, digit, table);
        MemorySegment.copy(table, 0, mine, JAVA_INT, 0, RadixSort.RADIX);
      }
    }
  }

  /** Counts the foreground of a chunk of sorted items. */
  private final class Count extends Task {
    private final MemorySegment items;
    private final int n;

    Count(MemorySegment items, int n) {
      this.items = open(items);
      this.n = n;
    }

    @Override
    public void run(long piece) {
      int from = (int) Chunks.start(piece);
      int to = from + Chunks.length(piece, n);
      foreground.setAtIndex(JAVA_INT, piece, LovaszWalk.foreground(items, from, to));
    }
  }

  private final class Walk extends LovaszCall.Work {
    private final MemorySegment items;
    private final int n;
    private final int positives;
    private final double factor;
    private final LovaszPlaces places;

    Walk(MemorySegment items, int n, int positives, double factor, LovaszPlaces places) {
      super(LargeList.this.call);
      this.items = open(items);
      this.n = n;
      this.positives = positives;
      this.factor = factor;
      this.places = places;
    }

    @Override
    public void run(long piece) {
      int from = (int) Chunks.start(piece);
      int to = from + Chunks.length(piece, n);
      int before = foreground.getAtIndex(JAVA_INT, piece);
      double sum =
          LovaszWalk.along(items, from, to, positives, before, factor, call.gradient, places);
      sums.setAtIndex(JAVA_DOUBLE, piece, sum);
    }
  }
}
