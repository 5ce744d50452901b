package dev.quern.simd.lovasz;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The loops of a stable radix sort of 64-bit items by their bits 32 to 62, ascending, least digit
 * first, eight bits at a time. Whatever the items are cut into, the result is the same: stable
 * sorting has only one.
 */
final class RadixSort {
  /** The number of digits of a key. */
  static final int DIGITS = 4;

  /** The number of values of a digit. */
  static final int RADIX = 256;

  /** Below it, moving neighbours costs less than counting. */
  private static final int INSERTION_BELOW = 48;

  private static final long KEY_AND_BELOW = Long.MAX_VALUE;

  private RadixSort() {}

  private static int shift(int digit) {
    return 32 + 8 * digit;
  }

  /** Bit 63 belongs to no key. */
  private static int mask(int digit) {
    return digit == DIGITS - 1 ? RADIX / 2 - 1 : RADIX - 1;
  }

  /** Returns the value of a digit of an item. */
  static int digit(long item, int digit) {
    return (int) (item >>> shift(digit)) & mask(digit);
  }

  /**
   * Counts how often each value of a digit occurs among items {@code from} to {@code to - 1}.
   *
   * @param counts the first {@link #RADIX} are written; at least four times as many, so that
   *     neighbours, which often have the same digit, do not wait for each other's count
   */
  static void count(MemorySegment items, int from, int to, int digit, int[] counts) {
    Arrays.fill(counts, 0, 4 * RADIX, 0);
    int shift = shift(digit);
    int mask = mask(digit);
    int i = from;
    for (; i < to - 3; i += 4) {
      counts[(int) (items.get(JAVA_LONG, 8L * i) >>> shift) & mask]++;
      counts[RADIX + ((int) (items.get(JAVA_LONG, 8L * i + 8) >>> shift) & mask)]++;
      counts[2 * RADIX + ((int) (items.get(JAVA_LONG, 8L * i + 16) >>> shift) & mask)]++;
      counts[3 * RADIX + ((int) (items.get(JAVA_LONG, 8L * i + 24) >>> shift) & mask)]++;
    }
    for (; i < to; i++) {
      counts[(int) (items.get(JAVA_LONG, 8L * i) >>> shift) & mask]++;
    }
    for (int value = 0; value < RADIX; value++) {
      counts[value] +=
          counts[RADIX + value] + counts[2 * RADIX + value] + counts[3 * RADIX + value];
    }
  }

  /**
   * Moves items to the places that {@code next} names by their digit; these are counted up.
   *
   * @param next where the next item of each value goes
   */
  static void scatter(
      MemorySegment items, int from, int to, MemorySegment out, int digit, int[] next) {
    int shift = shift(digit);
    int mask = mask(digit);
    for (int i = from; i < to; i++) {
      long item = items.get(JAVA_LONG, 8L * i);
      int value = (int) (item >>> shift) & mask;
      int place = next[value];
      next[value] = place + 1;
      out.set(JAVA_LONG, 8L * place, item);
    }
  }

  /**
   * Sorts on the calling thread.
   *
   * @param items changed
   * @param other as long, changed
   * @param counts at least {@link #RADIX} ints for each digit
   * @return whichever of both holds the sorted items
   */
  static MemorySegment sort(MemorySegment items, MemorySegment other, int n, int[] counts) {
    if (n < INSERTION_BELOW) {
      insert(items, n);
      return items;
    }
    countAll(items, n, counts);
    MemorySegment from = items;
    MemorySegment to = other;
    long first = items.get(JAVA_LONG, 0);
    for (int digit = 0; digit < DIGITS; digit++) {
      int table = digit * RADIX;
      if (counts[table + digit(first, digit)] == n) {
        continue;
      }
      int place = 0;
      for (int value = table; value < table + RADIX; value++) {
        int count = counts[value];
        counts[value] = place;
        place += count;
      }
      scatterByTable(from, n, to, shift(digit), mask(digit), counts, table);
      MemorySegment sorted = to;
      to = from;
      from = sorted;
    }
    return from;
  }

  private static void countAll(MemorySegment items, int n, int[] counts) {
    Arrays.fill(counts, 0, DIGITS * RADIX, 0);
    for (int i = 0; i < n; i++) {
      int key = (int) (items.get(JAVA_LONG, 8L * i) >>> 32);
      counts[key & 255]++;
      counts[RADIX + (key >>> 8 & 255)]++;
      counts[2 * RADIX + (key >>> 16 & 255)]++;
      counts[3 * RADIX + (key >>> 24 & 127)]++;
    }
  }

  private static void scatterByTable(
      MemorySegment items, int n, MemorySegment out, int shift, int mask, int[] next, int table) {
    for (int i = 0; i < n; i++) {
      long item = items.get(JAVA_LONG, 8L * i);
      int value = table + ((int) (item >>> shift) & mask);
      int place = next[value];
      next[value] = place + 1;
      out.set(JAVA_LONG, 8L * place, item);
    }
  }

  private static void insert(MemorySegment items, int n) {
    for (int i = 1; i < n; i++) {
      long item = items.get(JAVA_LONG, 8L * i);
      int place = i;
      while (place > 0
          && (items.get(JAVA_LONG, 8L * (place - 1)) & KEY_AND_BELOW) > (item & KEY_AND_BELOW)) {
        items.set(JAVA_LONG, 8L * place, items.get(JAVA_LONG, 8L * (place - 1)));
        place--;
      }
      items.set(JAVA_LONG, 8L * place, item);
    }
  }
}
