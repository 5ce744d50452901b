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

QUERN_KERNEL void transpose_8(
    __global const uchar *x,
    const long x_offset,
    __global uchar *out,
    const long out_offset,
    const long n,
    const long rows,
    const long columns) {
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[out_offset + i] = x[x_offset + quern_transposed(i, rows, columns)];
    }
  }
}

QUERN_KERNEL void transpose_16(
    __global const ushort *x,
    const long x_offset,
    __global ushort *out,
    const long out_offset,
    const long n,
    const long rows,
    const long columns) {
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[out_offset + i] = x[x_offset + quern_transposed(i, rows, columns)];
    }
  }
}

QUERN_KERNEL void transpose_32(
    __global const uint *x,
    const long x_offset,
    __global uint *out,
    const long out_offset,
    const long n,
    const long rows,
    const long columns) {
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[out_offset + i] = x[x_offset + quern_transposed(i, rows, columns)];
    }
  }
}

QUERN_KERNEL void transpose_64(
    __global const ulong *x,
    const long x_offset,
    __global ulong *out,
    const long out_offset,
    const long n,
    const long rows,
    const long columns) {
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[out_offset + i] = x[x_offset + quern_transposed(i, rows, columns)];
    }
  }
}
