// The lists of a Lovasz loss: a list is one class of an image, or of the whole batch (hinge: all
// channels). They have equal lengths and lie one behind the other, so a chunk of QUERN_SORT_CHUNK
// elements, the work of one group, finds its list by division, and every kernel serves all lists in
// one launch. Where fewer elements are left than a chunk has, those missing take no part. What
// lovasz_sort.cl and lovasz_gradient.cl share.

// Work-items' elements in a chunk.
#define QUERN_SORT_ITEMS (QUERN_SORT_CHUNK / QUERN_GROUP)

// How many elements of a chunk take part in a pass; the first pass meets the dropped ones too.
QUERN_INLINE int lovasz_chunk_elements(
    __global const QuernLovaszList *lists, long length, long chunks, int compacted) {
  long group = (long)get_group_id(0);
  long first = group % chunks * QUERN_SORT_CHUNK;
  uint kept = lists[group / chunks].kept;
  long end = compacted || kept == 0 ? (long)kept : length;
  return (int)clamp(end - first, 0L, (long)QUERN_SORT_CHUNK);
}

// The first element of this group's chunk.
QUERN_INLINE long lovasz_chunk_start(long length, long chunks) {
  long group = (long)get_group_id(0);
  return group / chunks * length + group % chunks * QUERN_SORT_CHUNK;
}

// Replaces values[items * QUERN_GROUP] by the sums of those before each, and returns the sum of all.
// Called by the whole group; sums holds QUERN_GROUP values. (Left to decide for itself where to inline
// it, PoCL 3.1 on LLVM 15 crashes.)
__attribute__((always_inline)) QUERN_INLINE uint lovasz_scan_group(__local uint *values, int items, __local uint *sums) {
  int item = (int)get_local_id(0);
  uint own = 0;
  for (int i = 0; i < items; i++) {
    own += values[item * items + i];
  }
  sums[item] = own;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int distance = 1; distance < QUERN_GROUP; distance *= 2) {
    uint other = item >= distance ? sums[item - distance] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    sums[item] += other;
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  uint before = sums[item] - own;
  for (int i = 0; i < items; i++) {
    uint value = values[item * items + i];
    values[item * items + i] = before;
    before += value;
  }
  uint all = sums[QUERN_GROUP - 1];
  barrier(CLK_LOCAL_MEM_FENCE);
  return all;
}
