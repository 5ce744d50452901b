// Changes of the order of elements.
//
// - Formula: out[i, c, r] = x[i, r, c] for each of several matrices; out = x in the order of a view's axes;
//   columns of a matrix = another matrix of as many rows. Nothing is computed, so there is an entry for each
//   size of an element.
// - Fused: nothing.
// - Work: each group takes one tile of out, each work-item QUERN_MAP_ITEMS elements of it. Neighbours are
//   written; what is read lies where it lies.
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

// An element's place along one axis, counted from the last one; i is left as the place in the axes before.
#define QUERN_AXIS(extent, stride) \
  at += i % (extent) * (stride); \
  i /= (extent)

// Where element i of a view lies. Axes from the last on; those behind the first are looked at only if they
// are there.
QUERN_INLINE long quern_viewed(
    long i,
    int axes,
    long extent1,
    long extent2,
    long extent3,
    long extent4,
    long extent5,
    long stride0,
    long stride1,
    long stride2,
    long stride3,
    long stride4,
    long stride5) {
  long at = 0;
  if (axes > 5) {
    QUERN_AXIS(extent5, stride5);
  }
  if (axes > 4) {
    QUERN_AXIS(extent4, stride4);
  }
  if (axes > 3) {
    QUERN_AXIS(extent3, stride3);
  }
  if (axes > 2) {
    QUERN_AXIS(extent2, stride2);
  }
  if (axes > 1) {
    QUERN_AXIS(extent1, stride1);
  }
  return at + i * stride0;
}

#define QUERN_COPY_STRIDED(name, type) \
  QUERN_KERNEL void name( \
      __global const type *x, \
      const long x_offset, \
      __global type *out, \
      const long out_offset, \
      const long n, \
      const long first, \
      const int axes, \
      const long extent1, \
      const long extent2, \
      const long extent3, \
      const long extent4, \
      const long extent5, \
      const long stride0, \
      const long stride1, \
      const long stride2, \
      const long stride3, \
      const long stride4, \
      const long stride5) { \
    x += x_offset + first; \
    long i = quern_tile_element(); \
    for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) { \
      if (i < n) { \
        out[out_offset + i] = x[quern_viewed( \
            i, axes, extent1, extent2, extent3, extent4, extent5, \
            stride0, stride1, stride2, stride3, stride4, stride5)]; \
      } \
    } \
  }

QUERN_COPY_STRIDED(copy_strided_8, uchar)
QUERN_COPY_STRIDED(copy_strided_16, ushort)
QUERN_COPY_STRIDED(copy_strided_32, uint)
QUERN_COPY_STRIDED(copy_strided_64, ulong)

// Columns first to first + width of a matrix that has columns of them.
#define QUERN_CONCAT(name, type) \
  QUERN_KERNEL void name( \
      __global const type *x, \
      const long x_offset, \
      __global type *out, \
      const long out_offset, \
      const long n, \
      const long width, \
      const long columns, \
      const long first) { \
    long i = quern_tile_element(); \
    for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) { \
      if (i < n) { \
        out[out_offset + i / width * columns + first + i % width] = x[x_offset + i]; \
      } \
    } \
  }

QUERN_CONCAT(concat_8, uchar)
QUERN_CONCAT(concat_16, ushort)
QUERN_CONCAT(concat_32, uint)
QUERN_CONCAT(concat_64, ulong)
