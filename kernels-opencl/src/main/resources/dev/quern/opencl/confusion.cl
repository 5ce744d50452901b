// Confusion counts {tn, fp, fn, tp} of predictions >= cut against targets 0 and 1. Each group counts
// one chunk and leaves a record of four counts and the least faulty index; a single group adds the
// records to the running counts and lowers the fault word. Counts pass through f64, which holds whole
// numbers below 2^53 exactly; so sums are exact in any order. Elements from n on, and targets equal
// to ignored (NaN: none), count nowhere. Deterministic, as counts are exact and a minimum has no
// order; the only atomic is the integer minimum of faulty indices within a chunk.

#define QUERN_COUNTS 4

// target is labels or soft; the other one is null, and the compiler drops its branch.
QUERN_INLINE void confusion_chunk(
    __global const float *predictions,
    __global const uchar *labels,
    __global const float *soft,
    __global double *partials,
    __global long *faults,
    long n,
    float cut,
    float ignored,
    __local double *items,
    __local double *rows,
    __local int *first_fault) {
  int item = (int)get_local_id(0);
  if (item == 0) {
    *first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  int counts[QUERN_COUNTS] = {0};
  long i = quern_chunk_element();
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      float t = labels ? (float)labels[i] : soft[i];
      int predicted = predictions[i] >= cut;
      int counted = t != ignored;
      if (counted && t != 0.0f && t != 1.0f) {
        counted = 0;
        atomic_min(first_fault, j * QUERN_GROUP + item);
      }
      int positive = t == 1.0f;
      counts[0] += counted && !positive && !predicted;
      counts[1] += counted && !positive && predicted;
      counts[2] += counted && positive && !predicted;
      counts[3] += counted && positive && predicted;
    }
  }
  double values[QUERN_COUNTS];
  for (int q = 0; q < QUERN_COUNTS; q++) {
    values[q] = counts[q];
  }
  quern_sum_rows(QUERN_COUNTS, values, items, rows);
  long group = (long)get_group_id(0);
  if (item < QUERN_COUNTS) {
    partials[group * QUERN_COUNTS + item] = quern_group_sum(item, rows);
  }
  if (item == 0) {
    faults[group] = *first_fault == INT_MAX ? LONG_MAX : group * QUERN_CHUNK + *first_fault;
  }
}

QUERN_KERNEL void confusion_partials_u8(
    __global const float *predictions,
    const long predictions_offset,
    __global const uchar *target,
    const long target_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    const long n,
    const float cut,
    const float ignored) {
  __local double items[QUERN_COUNTS * QUERN_GROUP];
  __local double rows[QUERN_COUNTS * QUERN_ROWS];
  __local int first_fault;
  confusion_chunk(
      predictions + predictions_offset, target + target_offset, 0, partials + partials_offset,
      faults + faults_offset, n, cut, ignored, items, rows, &first_fault);
}

QUERN_KERNEL void confusion_partials_f32(
    __global const float *predictions,
    const long predictions_offset,
    __global const float *target,
    const long target_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    const long n,
    const float cut,
    const float ignored) {
  __local double items[QUERN_COUNTS * QUERN_GROUP];
  __local double rows[QUERN_COUNTS * QUERN_ROWS];
  __local int first_fault;
  confusion_chunk(
      predictions + predictions_offset, 0, target + target_offset, partials + partials_offset,
      faults + faults_offset, n, cut, ignored, items, rows, &first_fault);
}

// One group.
QUERN_KERNEL void confusion_total(
    __global const double *partials,
    const long partials_offset,
    __global const long *faults,
    const long faults_offset,
    __global long *counts,
    const long counts_offset,
    __global long *fault,
    const long fault_offset,
    const long count) {
  __local double items[QUERN_COUNTS * QUERN_GROUP];
  __local double rows[QUERN_COUNTS * QUERN_ROWS];
  __local long fault_items[QUERN_GROUP];
  quern_sum_records(QUERN_COUNTS, partials + partials_offset, count, items, rows);
  long least = quern_least_record(faults + faults_offset, count, fault_items);
  int item = (int)get_local_id(0);
  if (item < QUERN_COUNTS) {
    counts[counts_offset + item] += (long)quern_group_sum(item, rows);
  }
  if (item == 0) {
    fault[fault_offset] = min(fault[fault_offset], least);
  }
}
