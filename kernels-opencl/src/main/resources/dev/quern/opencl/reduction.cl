// The sum of all elements.
//
// - Work: a group sums a chunk, each work-item QUERN_REDUCE_ITEMS elements in f32, the group its
//   work-items in f64 in a fixed order (prelude), and leaves one partial sum; a single group then
//   adds the partial sums in f64 and rounds once.
// - Tail: elements from n on are left out, which is to add nothing.
// - Deterministic: chunks and orders depend on n and the kind of device only, and nothing is added
//   atomically.

#include "prelude.cl"

QUERN_KERNEL void sum_partials(
    __global const float *x,
    const long x_offset,
    __global double *partials,
    const long partials_offset,
    const long n) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  x += x_offset;
  partials += partials_offset;
  float sum = 0.0f;
  long i = quern_chunk_element();
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      sum += x[i];
    }
  }
  double value = sum;
  quern_sum_rows(1, &value, items, rows);
  if (get_local_id(0) == 0) {
    partials[get_group_id(0)] = quern_group_sum(0, rows);
  }
}

// One group.
QUERN_KERNEL void sum_total(
    __global const double *partials,
    const long partials_offset,
    __global float *out,
    const long out_offset,
    const long count) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  quern_sum_records(1, partials + partials_offset, count, items, rows);
  if (get_local_id(0) == 0) {
    out[out_offset] = (float)quern_group_sum(0, rows);
  }
}
