// Lovasz losses: the sort of all lists (lovasz_lists.cl) by their keys, payloads along, and how
// many elements are kept and of the foreground.
//
// - By digits of 8 bits from the lowest up, four passes between two halves of scratch memory.
// - Work: in each pass the digits of every chunk are counted; per list and digit the counts are
//   summed up over the chunks; every chunk moves its elements. (CUDA finds the places while it
//   moves, in one kernel a pass: a group there waits for one that began before it, and OpenCL does
//   not promise that such a group goes on.) A list of one chunk needs neither counts nor sums.
// - Elements of equal digits keep their order: within a chunk an element's rank is counted from bit
//   masks of the work-items that hold the same digit, so no order of execution matters.
// - Tail: the first pass drops pixels without loss or gradient (ignored, faulty, error 0 or below),
//   and lists that are not averaged; their number stays on the device, and the chunks behind it
//   return at once.
// - Deterministic: orders depend on the extent only; the only atomics are of integers: counts and
//   masks.

#include "prelude.cl"
#include "math.inc"
#include "lovasz.inc"
#include "lovasz_lists.cl"

// Words of a mask of the group.
#define QUERN_MASK_WORDS ((QUERN_GROUP + 31) / 32)
#define QUERN_DIGITS 256

// The highest digit leaves out bit 31, which is not part of the error.
QUERN_INLINE int lovasz_digit(uint key, int shift) {
  return (int)((key & QUERN_LOVASZ_DROPPED) >> shift & (QUERN_DIGITS - 1));
}

// How often each digit is in each chunk: counts[list, digit, chunk], null if lists have one chunk.
// The first pass also counts what is kept and the foreground of each list.
QUERN_KERNEL void lovasz_histogram(
    __global const uint *keys,
    const long keys_offset,
    __global QuernLovaszList *lists,
    const long lists_offset,
    __global uint *counts,
    const long counts_offset,
    const long length,
    const long chunks,
    const int shift) {
  __local uint digits[QUERN_DIGITS];
  __local uint kept;
  __local uint foreground;
  lists += lists_offset;
  int item = (int)get_local_id(0);
  long group = (long)get_group_id(0);
  long list = group / chunks;
  int elements =
      shift == 0
          ? (int)min((long)QUERN_SORT_CHUNK, length - group % chunks * QUERN_SORT_CHUNK)
          : lovasz_chunk_elements(lists, length, chunks, 1);
  if (elements == 0) {
    return;
  }
  for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
    digits[d] = 0;
  }
  if (item == 0) {
    kept = 0;
    foreground = 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  keys += keys_offset + lovasz_chunk_start(length, chunks);
  uint own_kept = 0;
  uint own_foreground = 0;
  for (int i = item; i < elements; i += QUERN_GROUP) {
    uint key = keys[i];
    own_foreground += key >> 31;
    if (quern_lovasz_is_kept(key)) {
      own_kept++;
      atomic_inc(&digits[lovasz_digit(key, shift)]);
    }
  }
  if (shift == 0) {
    atomic_add(&kept, own_kept);
    atomic_add(&foreground, own_foreground);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (shift == 0 && item == 0) {
    atomic_add(&lists[list].kept, kept);
    atomic_add(&lists[list].foreground, foreground);
  }
  if (counts) {
    for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
      counts[counts_offset + (list * QUERN_DIGITS + d) * chunks + group % chunks] = digits[d];
    }
  }
}

// Replaces each row of counts, one number per chunk, by the sums of those before, and leaves its sum
// in totals unless that is null. A row is taken by lanes work-items, a power of two.
QUERN_KERNEL void lovasz_scan(
    __global uint *counts,
    const long counts_offset,
    __global uint *totals,
    const long totals_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    const long rows,
    const long chunks,
    const int rows_per_list,
    const int lanes,
    const int compacted) {
  __local uint sums[QUERN_GROUP];
  int item = (int)get_local_id(0);
  int lane = item % lanes;
  long row = (long)get_group_id(0) * (QUERN_GROUP / lanes) + item / lanes;
  long filled = 0;
  if (row < rows) {
    uint kept = lists[lists_offset + row / rows_per_list].kept;
    filled = compacted || kept == 0
        ? ((long)kept + QUERN_SORT_CHUNK - 1) / QUERN_SORT_CHUNK
        : chunks;
  }
  counts += counts_offset + row * chunks;
  uint before = 0;
  for (long first = 0; first < chunks; first += lanes) {
    long chunk = first + lane;
    uint own = chunk < filled ? counts[chunk] : 0;
    sums[item] = own;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int distance = 1; distance < lanes; distance *= 2) {
      uint other = lane >= distance ? sums[item - distance] : 0;
      barrier(CLK_LOCAL_MEM_FENCE);
      sums[item] += other;
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    if (chunk < filled) {
      counts[chunk] = before + sums[item] - own;
    }
    before += sums[item - lane + lanes - 1];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (totals && row < rows && lane == 0) {
    totals[totals_offset + row] = before;
  }
}

// Moves the elements of a chunk to where a digit's elements of all chunks before, and those of lower
// digits, end. They are put in order in local memory first, so that neighbours are written together.
QUERN_KERNEL void lovasz_scatter(
    __global const uint *keys,
    const long keys_offset,
    __global const uint *payloads,
    const long payloads_offset,
    __global uint *sorted_keys,
    const long sorted_keys_offset,
    __global uint *sorted_payloads,
    const long sorted_payloads_offset,
    __global const QuernLovaszList *lists,
    const long lists_offset,
    __global const uint *counts,
    const long counts_offset,
    __global const uint *totals,
    const long totals_offset,
    const long length,
    const long chunks,
    const int shift) {
  __local uint masks[QUERN_MASK_WORDS * QUERN_DIGITS];
  __local uint starts[QUERN_DIGITS];
  __local uint moves[QUERN_DIGITS];
  __local uint sums[QUERN_GROUP];
  __local uint exchanged[QUERN_SORT_CHUNK];
  int elements = lovasz_chunk_elements(lists + lists_offset, length, chunks, shift > 0);
  if (elements == 0) {
    return;
  }
  int item = (int)get_local_id(0);
  int word = item / 32;
  uint bit = 1u << item % 32;
  long group = (long)get_group_id(0);
  long list = group / chunks;
  long start = lovasz_chunk_start(length, chunks);
  keys += keys_offset + start;
  payloads += payloads_offset + start;
  sorted_keys += sorted_keys_offset + list * length;
  sorted_payloads += sorted_payloads_offset + list * length;
  for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
    starts[d] = 0;
    for (int w = 0; w < QUERN_MASK_WORDS; w++) {
      masks[w * QUERN_DIGITS + d] = 0;
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  // ranks among the chunk's elements of the same digit; starts counts the rows done
  uint own[QUERN_SORT_ITEMS];
  uint ranks[QUERN_SORT_ITEMS];
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    int i = j * QUERN_GROUP + item;
    own[j] = i < elements ? keys[i] : QUERN_LOVASZ_DROPPED;
    int kept = quern_lovasz_is_kept(own[j]);
    int digit = lovasz_digit(own[j], shift);
    if (kept) {
      atomic_or(&masks[word * QUERN_DIGITS + digit], bit);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    uint rank = starts[digit] + popcount(masks[word * QUERN_DIGITS + digit] & (bit - 1));
    for (int w = 0; w < word; w++) {
      rank += popcount(masks[w * QUERN_DIGITS + digit]);
    }
    ranks[j] = rank;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
      for (int w = 0; w < QUERN_MASK_WORDS; w++) {
        starts[d] += popcount(masks[w * QUERN_DIGITS + d]);
        masks[w * QUERN_DIGITS + d] = 0;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  int moved = (int)lovasz_scan_group(starts, QUERN_DIGITS / QUERN_GROUP, sums);
  // how far the elements of a digit go from their places in the chunk, modulo 2^32
  for (int d = item; d < QUERN_DIGITS; d += QUERN_GROUP) {
    moves[d] = chunks == 1 ? 0 : totals[totals_offset + list * QUERN_DIGITS + d];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  lovasz_scan_group(moves, QUERN_DIGITS / QUERN_GROUP, sums);
  for (int d = item; chunks > 1 && d < QUERN_DIGITS; d += QUERN_GROUP) {
    uint before = counts[counts_offset + (list * QUERN_DIGITS + d) * chunks + group % chunks];
    moves[d] += before - starts[d];
  }
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    if (quern_lovasz_is_kept(own[j])) {
      ranks[j] += starts[lovasz_digit(own[j], shift)];
      exchanged[ranks[j]] = own[j];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  uint places[QUERN_SORT_ITEMS];
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    int i = j * QUERN_GROUP + item;
    if (i < moved) {
      places[j] = (uint)i + moves[lovasz_digit(exchanged[i], shift)];
      sorted_keys[places[j]] = exchanged[i];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    if (quern_lovasz_is_kept(own[j])) {
      exchanged[ranks[j]] = payloads[j * QUERN_GROUP + item];
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int j = 0; j < QUERN_SORT_ITEMS; j++) {
    int i = j * QUERN_GROUP + item;
    if (i < moved) {
      sorted_payloads[places[j]] = exchanged[i];
    }
  }
}
