// Chains of fma, to wait for arithmetic and not for memory.
//
// - Formula: data[i] = fma(data[i], 0.75, 0.125), length times over; nothing is fused.
// - Work: a group takes a tile, a work-item QUERN_MAP_ITEMS chains of it, which run side by side.
// - Tail: elements from n on are left out one by one.
// - Deterministic: an element depends on itself only.

#include "prelude.cl"

QUERN_KERNEL void fma_chains(
    __global float *data,
    const long data_offset,
    const long n,
    const int length) {
  data += data_offset;
  long first = quern_tile_element();
  float x[QUERN_MAP_ITEMS];
  for (int j = 0; j < QUERN_MAP_ITEMS; j++) {
    long i = first + (long)j * QUERN_GROUP;
    x[j] = i < n ? data[i] : 0.0f;
  }
  for (int k = 0; k < length; k++) {
    for (int j = 0; j < QUERN_MAP_ITEMS; j++) {
      x[j] = QUERN_FMA(x[j], 0.75f, 0.125f);
    }
  }
  for (int j = 0; j < QUERN_MAP_ITEMS; j++) {
    long i = first + (long)j * QUERN_GROUP;
    if (i < n) {
      data[i] = x[j];
    }
  }
}
