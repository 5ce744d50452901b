// Changes of the order of elements.
//
// - Formula: out[i, c, r] = x[i, r, c] for each of several matrices. Nothing is computed, so there is an
//   entry for each size of an element.
// - Fused: nothing.
// - Work: each group takes one tile of out, each work-item QUERN_MAP_ITEMS elements of it. Neighbours are
//   written; what is read lies a column apart.
// - Tail: elements from n on are left out one by one.
// - Deterministic: every element is written once.

#include "prelude.cl"

// Where element i of the transposed matrices comes from.
QUERN_INLINE long quern_transposed(long i, long rows, long columns) {
  long line = i / rows;
  return (line / columns * rows + i % rows) * columns + line % columns;
}

#define QUERN_TRANSPOSE(name, type) \
  QUERN_KERNEL void name( \
      __global const type *x, \
      const long x_offset, \
      __global type *out, \
      const long out_offset, \
      const long n, \
      const long rows, \
      const long columns) { \
    long i = quern_tile_element(); \
    for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) { \
      if (i < n) { \
        out[out_offset + i] = x[x_offset + quern_transposed(i, rows, columns)]; \
      } \
    } \
  }

QUERN_TRANSPOSE(transpose_8, uchar)
QUERN_TRANSPOSE(transpose_16, ushort)
QUERN_TRANSPOSE(transpose_32, uint)
QUERN_TRANSPOSE(transpose_64, ulong)
